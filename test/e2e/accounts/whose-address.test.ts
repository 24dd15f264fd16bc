import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApplication, setPolicy } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { activate, enrolTotp } from '../../factories/factors.js';
import { mailedToken } from '../../factories/mails.js';
import { sql } from '../../factories/sql.js';

/** What the account at the address has, once a row of the table is over. */
interface State {
  /** Whose password logs in: that of the first or the second registration, or one that was chosen by a link. */
  readonly password: 'first' | 'second' | 'new';
  readonly name: 'First' | 'Second';
  readonly verified: boolean;
  /** The factor and the session of the first registration. */
  readonly factor: boolean;
  readonly session: boolean;
}

/** A row: what happened before, which link is followed with what, the answer, and what the account has then. */
interface Row {
  readonly before: string;
  readonly link: string;
  readonly brings: string;
  readonly answer: string;
  readonly then: string;
  readonly state: State;
  /** Whether every link to the address is dead afterwards. */
  readonly linksEnd: boolean;
  readonly follow: (scene: Scene) => Promise<Answer>;
}

/** One address, and what was done with it. */
interface Scene {
  readonly email: string;
  readonly headers: Record<string, string>;
  readonly accessToken: string;
  readonly tokens: { readonly first: string; readonly second: string };
  readonly verify: (which: 'first' | 'second', password?: string, token?: string) => Promise<Answer>;
  readonly reset: (token: string) => Promise<Answer>;
}

const PASSWORDS = {
  first: 'plum quartz 77 lantern',
  second: 'another lantern 9 quartz',
  new: 'seven silver lanterns drifting',
} as const;

const NOTHING_CHANGED = 'nothing changes, the link stays good';
const ALL_STAYS = 'everything stays: password, session, factor';
const ALL_GONE = 'the new password; sessions, devices and factors are gone';
const BECOMES_SECOND = 'the second registration’s password and name; sessions, devices and factors are gone';

const ALONE = 'one registration, then a factor';
const TWO = 'one registration, then a factor, then a second registration';

const untouched = { password: 'first', name: 'First', verified: false, factor: true, session: true } as const;
const kept = { ...untouched, verified: true } as const;
const renewed = { password: 'new', name: 'First', verified: true, factor: false, session: false } as const;
const taken = { ...renewed, password: 'second', name: 'Second' } as const;

/** The table of docs/accounts.md. A second registration exists only where policy demands a verified address. */
const ROWS: readonly Row[] = [
  {
    before: ALONE,
    link: 'its link',
    brings: 'its password',
    answer: '204',
    then: ALL_STAYS,
    state: kept,
    linksEnd: true,
    follow: ({ verify }) => verify('first', PASSWORDS.first),
  },
  {
    before: ALONE,
    link: 'its link',
    brings: 'a session of the account',
    answer: '204',
    then: ALL_STAYS,
    state: kept,
    linksEnd: true,
    follow: ({ verify, accessToken }) => verify('first', undefined, accessToken),
  },
  {
    before: ALONE,
    link: 'its link',
    brings: 'nothing',
    answer: '403 `proof_required`',
    then: NOTHING_CHANGED,
    state: untouched,
    linksEnd: false,
    follow: ({ verify }) => verify('first'),
  },
  {
    before: ALONE,
    link: 'its link',
    brings: 'a wrong password, four times',
    answer: '401 `invalid_credentials`',
    then: NOTHING_CHANGED,
    state: untouched,
    linksEnd: false,
    follow: async ({ verify }) => {
      for (let wrong = 0; wrong < 3; wrong += 1) await verify('first', PASSWORDS.new);
      return verify('first', PASSWORDS.new);
    },
  },
  {
    before: ALONE,
    link: 'its link',
    brings: 'a wrong password, five times, and then the right one',
    answer: '401 `invalid_token`',
    then: 'nothing changes, the link is dead',
    state: untouched,
    linksEnd: true,
    follow: async ({ verify }) => {
      for (let wrong = 0; wrong < 5; wrong += 1) await verify('first', PASSWORDS.new);
      return verify('first', PASSWORDS.first);
    },
  },
  {
    before: ALONE,
    link: 'its link, at `password/reset`',
    brings: 'a new password',
    answer: '204',
    then: ALL_GONE,
    state: renewed,
    linksEnd: true,
    follow: ({ reset, tokens }) => reset(tokens.first),
  },
  {
    before: ALONE,
    link: 'that of a forgotten password',
    brings: 'a new password',
    answer: '204',
    then: ALL_GONE,
    state: renewed,
    linksEnd: true,
    follow: async ({ reset, email, headers }) => {
      await world.client.post('/v1/auth/password/forgot', { email }, { headers });
      return reset(await mailedToken(world, email, 'reset-password'));
    },
  },
  {
    before: TWO,
    link: 'that of the first',
    brings: 'the first password',
    answer: '204',
    then: `${ALL_STAYS}; the second registration ends`,
    state: kept,
    linksEnd: true,
    follow: ({ verify }) => verify('first', PASSWORDS.first),
  },
  {
    before: TWO,
    link: 'that of the first',
    brings: 'the second password',
    answer: '401 `invalid_credentials`',
    then: NOTHING_CHANGED,
    state: untouched,
    linksEnd: false,
    follow: ({ verify }) => verify('first', PASSWORDS.second),
  },
  {
    before: TWO,
    link: 'that of the second',
    brings: 'the second password',
    answer: '204',
    then: BECOMES_SECOND,
    state: taken,
    linksEnd: true,
    follow: ({ verify }) => verify('second', PASSWORDS.second),
  },
  {
    before: TWO,
    link: 'that of the second',
    brings: 'the first password',
    answer: '401 `invalid_credentials`',
    then: NOTHING_CHANGED,
    state: untouched,
    linksEnd: false,
    follow: ({ verify }) => verify('second', PASSWORDS.first),
  },
  {
    before: TWO,
    link: 'that of the second',
    brings: 'a session of the account',
    answer: '403 `proof_required`',
    then: NOTHING_CHANGED,
    state: untouched,
    linksEnd: false,
    follow: ({ verify, accessToken }) => verify('second', undefined, accessToken),
  },
  {
    before: TWO,
    link: 'that of the second, at `password/reset`',
    brings: 'a new password',
    answer: '204',
    then: 'the new password, the second registration’s name; sessions, devices and factors are gone',
    state: { ...taken, password: 'new' },
    linksEnd: true,
    follow: ({ reset, tokens }) => reset(tokens.second),
  },
  {
    before: `${TWO}; the first is verified`,
    link: 'that of the second',
    brings: 'the second password',
    answer: '401 `invalid_token`',
    then: ALL_STAYS,
    state: kept,
    linksEnd: true,
    follow: async ({ verify }) => {
      await verify('first', PASSWORDS.first);
      return verify('second', PASSWORDS.second);
    },
  },
  {
    before: `${TWO}; the first is verified`,
    link: 'that of the second, at `password/reset`',
    brings: 'a new password',
    answer: '401 `invalid_token`',
    then: ALL_STAYS,
    state: kept,
    linksEnd: true,
    follow: async ({ verify, reset, tokens }) => {
      await verify('first', PASSWORDS.first);
      return reset(tokens.second);
    },
  },
  {
    before: `${ALONE}; it is verified`,
    link: 'that of a forgotten password',
    brings: 'a new password',
    answer: '204',
    then: 'the new password; sessions and devices are gone, the factor stays',
    state: { ...kept, password: 'new', session: false },
    linksEnd: true,
    follow: async ({ verify, reset, email, headers }) => {
      await verify('first', PASSWORDS.first);
      await world.client.post('/v1/auth/password/forgot', { email }, { headers });
      return reset(await mailedToken(world, email, 'reset-password'));
    },
  },
];

let world: TestApp;
const LATER = { 'x-application': 'later' };

describe('whose an address is:', () => {
  const scenes: Scene[] = [];
  beforeAll(async () => {
    world = await startTestApp({ env: { ROLE: 'all' } });
    await makeApplication(world, 'later');
    const begun = await Promise.all(ROWS.map((row, nth) => firstRegistration(row, nth)));
    // Those who registered before policy demanded a verified address have a session.
    await setPolicy(world, { requireVerifiedEmail: true }, 'later');
    scenes.push(...(await Promise.all(begun.map((scene, nth) => secondRegistration(scene, ROWS[nth])))));
  });
  afterAll(() => world.stop());

  it.concurrent.each(ROWS.map((row, nth) => ({ ...row, nth })))(
    '$before: $link, with $brings, is $answer, and $then',
    async ({ nth, follow, answer, state, linksEnd }) => {
      const scene = sceneOf(nth);
      const { status, body } = await follow(scene);
      expect([status, body?.code ? `\`${body.code as string}\`` : ''].join(' ').trim()).toBe(answer);
      expect(await stateOf(scene)).toEqual(state);
      const { first, second } = scene.tokens;
      const alive = (await Promise.all([first, second].map((token) => isAlive(scene, token)))).filter(
        Boolean,
      );
      expect(alive).toHaveLength(linksEnd ? 0 : second === '' ? 1 : 2);
    },
  );

  it('the table in docs/accounts.md has these rows and no others', () => {
    const page = readFileSync(new URL('../../../docs/accounts.md', import.meta.url), 'utf8');
    const table = page.slice(page.indexOf('### Whose address'), page.indexOf('## Passwords'));
    const rows = table.split('\n').filter((line) => line.startsWith('|'));
    const cells = rows.map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    );
    expect(cells.slice(2)).toEqual(
      ROWS.map(({ before, link, brings, answer, then }) => [before, link, brings, answer, then]),
    );
  });

  function sceneOf(nth: number): Scene {
    const scene = scenes[nth];
    if (scene === undefined) throw new Error('no such row');
    return scene;
  }

  type Begun = Omit<Scene, 'tokens' | 'verify' | 'reset'> & { readonly first: string };

  async function firstRegistration({ before }: Row, nth: number): Promise<Begun> {
    const email = `row-${nth}@example.com`;
    const headers = before.startsWith(TWO) ? LATER : {};
    const person = { email, password: PASSWORDS.first, displayName: 'First' };
    const { body } = await world.client.post('/v1/auth/register', person, { headers });
    const accessToken = body.accessToken as string;
    const first = await mailedToken(world, email, 'verify-email');
    // After the mail: the link must outlive it.
    const totp = await enrolTotp(world, accessToken);
    expect((await activate(world, accessToken, totp.id, totp.code())).status).toBe(200);
    return { email, headers, accessToken, first };
  }

  async function secondRegistration({ first, ...begun }: Begun, row: Row | undefined): Promise<Scene> {
    const { email, headers } = begun;
    let second = '';
    if (row?.before.startsWith(TWO)) {
      const person = { email, password: PASSWORDS.second, displayName: 'Second' };
      expect((await world.client.post('/v1/auth/register', person, { headers })).status).toBe(202);
      second = await mailedToken(world, email, 'verify-email', 2);
    }
    const tokens = { first, second };
    return {
      ...begun,
      tokens,
      verify: (which, password, token) =>
        world.client.post(
          '/v1/auth/email/verify',
          { token: tokens[which], ...(password === undefined ? {} : { password }) },
          { headers, token },
        ),
      reset: (token) =>
        world.client.post('/v1/auth/password/reset', { token, newPassword: PASSWORDS.new }, { headers }),
    };
  }

  async function stateOf({ email, headers, accessToken }: Scene): Promise<State> {
    const [row] = await sql<{ name: State['name']; verified: boolean; factor: boolean }>(
      world.databaseUrl,
      `SELECT display_name AS name, email_verified_at IS NOT NULL AS verified,
              EXISTS (SELECT FROM factors WHERE user_id = users.id) AS factor
         FROM users WHERE email = $1`,
      [email],
    );
    if (row === undefined) throw new Error('there is no such account');
    const right: State['password'][] = [];
    for (const which of ['first', 'second', 'new'] as const) {
      const login = await world.client.post(
        '/v1/auth/login',
        { email, password: PASSWORDS[which] },
        { headers },
      );
      if (login.status === 401) continue;
      right.push(which);
      // The second factor is asked for exactly where it stayed.
      if (row.verified) {
        expect(login.body.status).toBe(row.factor ? 'challenge_required' : 'authenticated');
        expect('secondFactorRemovedAt' in (login.body.user ?? {})).toBe(!row.factor);
      }
    }
    expect(right).toHaveLength(1);
    const { status } = await world.client.get('/v1/me', { token: accessToken });
    return { ...row, password: right[0] ?? 'new', session: status === 200 };
  }

  async function isAlive({ headers }: Scene, token: string): Promise<boolean> {
    if (token === '') return false;
    const { status } = await world.client.post('/v1/auth/email/verify', { token }, { headers });
    expect([401, 403]).toContain(status);
    return status === 403;
  }
});

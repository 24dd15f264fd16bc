import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectProblem, makeApplication } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { type Person, type PersonWithTotp, register, registerWithTotp } from '../../factories/people.js';
import { sql } from '../../factories/sql.js';

const ORIGIN = 'https://app.example.com';
const REFRESH = '__Host-countersign-refresh-default';
const DEVICE = '__Host-countersign-device-default';

/** A browser's jar, and what its page knows. */
class Page {
  readonly jar = new Map<string, string>();
  csrfToken = '';

  constructor(
    private readonly world: TestApp,
    private readonly origin: string | null = ORIGIN,
  ) {}

  async send(
    method: string,
    path: string,
    { body, token, headers = {} }: { body?: object; token?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await this.world.client.send(method, path, {
      ...(body === undefined ? {} : { body }),
      ...(token === undefined ? {} : { token }),
      headers: {
        ...(this.origin === null ? {} : { origin: this.origin }),
        ...(cookie === '' ? {} : { cookie }),
        ...headers,
      },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = pair.split('=');
      if (value === '') this.jar.delete(name);
      else this.jar.set(name, decodeURIComponent(value));
    }
    if (typeof answer.body?.csrfToken === 'string') this.csrfToken = answer.body.csrfToken;
    return answer;
  }

  logIn({ email, password }: Pick<Person, 'email' | 'password'>, more: object = {}): Promise<Answer> {
    return this.send('POST', '/v1/auth/login', { body: { email, password, session: 'cookie', ...more } });
  }

  refresh(headers: Record<string, string> = { 'x-csrf-token': this.csrfToken }): Promise<Answer> {
    return this.send('POST', '/v1/auth/refresh', { body: {}, headers });
  }

  logOut(
    token?: string,
    headers: Record<string, string> = { 'x-csrf-token': this.csrfToken },
  ): Promise<Answer> {
    return this.send('POST', '/v1/auth/logout', { headers, ...(token === undefined ? {} : { token }) });
  }
}

describe('a session in a cookie', () => {
  let world: TestApp;
  let person: Person;
  let page: Page;
  beforeAll(async () => {
    world = await startTestApp();
    await sql(world.databaseUrl, `UPDATE applications SET allowed_origins = $1`, [[ORIGIN]]);
    world.clock.advance(5_001);
  });
  beforeEach(async () => {
    person = await register(world);
    page = new Page(world);
  });
  afterAll(() => world.stop());

  it('has its refresh token where no script reads it, and a token for the page instead', async () => {
    const { status, body, headers } = await page.logIn(person);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'authenticated', refreshExpiresIn: 604_800 });
    expect(body.csrfToken).toMatch(/^[\w-]{64}$/);
    expect(JSON.stringify(body)).not.toContain('rft_');
    const [cookie = ''] = headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-countersign-refresh-default=rft_[\w-]+;/);
    const attributes = cookie.split('; ').slice(1).sort();
    expect(attributes).toEqual(['HttpOnly', 'Max-Age=604800', 'Path=/', 'SameSite=Strict', 'Secure']);
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect((await world.client.get('/v1/me', { token: body.accessToken as string })).status).toBe(200);
  });

  it('can begin with the registration, for a page of an allowed origin only', async () => {
    const account = { email: `new-${person.email}`, password: person.password, session: 'cookie' };
    const stranger = new Page(world, 'https://evil.example');
    const path = '/v1/auth/register';
    expectProblem(await stranger.send('POST', path, { body: account }), 403, 'csrf_rejected');
    const { status, body } = await page.send('POST', path, { body: account });
    expect(status).toBe(201);
    expect(body).not.toHaveProperty('refreshToken');
    expect(page.jar.get(REFRESH)).toMatch(/^rft_/);
    expect((await page.refresh()).status).toBe(200);
  });

  it('goes on by its cookie, which is rotated, and ends with it', async () => {
    await page.logIn(person);
    const before = page.jar.get(REFRESH);
    const refreshed = await page.refresh();
    expect(refreshed.status).toBe(200);
    expect(JSON.stringify(refreshed.body)).not.toContain('rft_');
    expect(page.jar.get(REFRESH)).not.toBe(before);
    const token = refreshed.body.accessToken as string;
    expect((await page.logOut(token)).status).toBe(204);
    expect(page.jar.has(REFRESH)).toBe(false);
    expectProblem(await world.client.get('/v1/me', { token }), 401, 'invalid_token');
  });

  it('can be ended by its cookie alone, when the access token is over', async () => {
    const { body } = await page.logIn(person);
    expect((await page.logOut()).status).toBe(204);
    expectProblem(
      await world.client.get('/v1/me', { token: body.accessToken as string }),
      401,
      'invalid_token',
    );
    expectProblem(await page.logOut(), 401, 'unauthenticated');
  });

  it('does not make good a credential that is wrong', async () => {
    await page.logIn(person);
    for (const token of ['not-a-token', `${person.accessToken}x`, 'cs_unknown']) {
      expectProblem(await page.logOut(token), 401, 'invalid_token');
    }
    expect((await page.refresh()).status).toBe(200);
  });

  it('is given a new token for the page after a reload', async () => {
    await page.logIn(person);
    const before = page.csrfToken;
    const { status, body } = await page.send('GET', '/v1/auth/csrf');
    expect(status).toBe(200);
    expect(body).toEqual({ csrfToken: expect.stringMatching(/^[\w-]{64}$/) });
    expect(page.csrfToken).not.toBe(before);
    // Both are of this session.
    expect((await page.refresh({ 'x-csrf-token': before })).status).toBe(200);
    expect((await page.refresh()).status).toBe(200);
    expectProblem(await new Page(world).send('GET', '/v1/auth/csrf'), 401, 'unauthenticated');
  });

  it.each([
    ['another origin', 'https://evil.example'],
    ['none', null],
    ['null', 'null'],
    ['one that begins alike', `${ORIGIN}.evil.example`],
    ['another scheme', ORIGIN.replace('https', 'http')],
    ['another port', `${ORIGIN}:8443`],
  ])('is not begun, continued or ended by a page of %s', async (_what, origin) => {
    const stranger = new Page(world, origin);
    const refused = await stranger.logIn(person);
    expectProblem(refused, 403, 'csrf_rejected');
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
    expect(refused.headers.getSetCookie()).toEqual([]);
    const { body } = await page.logIn(person);
    stranger.jar.set(REFRESH, page.jar.get(REFRESH) ?? '');
    stranger.csrfToken = page.csrfToken;
    expectProblem(await stranger.refresh(), 403, 'csrf_rejected');
    expectProblem(await stranger.logOut(), 403, 'csrf_rejected');
    expectProblem(await stranger.logOut(body.accessToken as string), 403, 'csrf_rejected');
    expect((await page.refresh()).status).toBe(200);
  });

  it('is not continued or ended without the token of this very session', async () => {
    const { body } = await page.logIn(person);
    const other = new Page(world);
    await other.logIn(await register(world));
    for (const headers of [
      {},
      { 'x-csrf-token': '' },
      { 'x-csrf-token': other.csrfToken },
      { 'x-csrf-token': `${page.csrfToken.slice(0, -1)}${page.csrfToken.endsWith('A') ? 'B' : 'A'}` },
      { 'x-csrf-token': `${page.csrfToken}=` },
    ]) {
      expectProblem(await page.refresh(headers), 403, 'csrf_rejected');
      expectProblem(await page.logOut(undefined, headers), 403, 'csrf_rejected');
      expectProblem(await page.logOut(body.accessToken as string, headers), 403, 'csrf_rejected');
    }
    expect((await page.refresh()).status).toBe(200);
  });

  it('is forgotten by the browser when its cookie continues nothing', async () => {
    await page.logIn(person);
    const stale = page.jar.get(REFRESH) ?? '';
    await page.refresh();
    world.clock.advance(1);
    await sql(world.databaseUrl, `UPDATE sessions SET rotated_at = rotated_at - interval '11 seconds'`);
    page.jar.set(REFRESH, stale);
    expectProblem(await page.refresh(), 401, 'invalid_token');
    expect(page.jar.has(REFRESH)).toBe(false);
  });

  it('is refreshed by token or by cookie: what is sent in the body counts, and nothing is an error', async () => {
    expectProblem(await world.client.post('/v1/auth/refresh', {}), 400, 'validation_failed');
    expectProblem(await page.refresh({ 'x-csrf-token': 'x' }), 401, 'invalid_token');
    await page.logIn(person);
    const body = { refreshToken: person.refreshToken };
    const answer = await page.send('POST', '/v1/auth/refresh', { body });
    expect(answer.body.refreshToken).toMatch(/^rft_/);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('opens no other route', async () => {
    await page.logIn(person);
    const headers = { 'x-csrf-token': page.csrfToken };
    for (const path of ['/v1/me', '/v1/auth/sessions', '/v1/me/factors']) {
      expectProblem(await page.send('GET', path, { headers }), 401, 'unauthenticated');
    }
  });

  it('of another application has a cookie of its own, and does not open this one', async () => {
    const slug = await makeApplication(world, `shop-${person.id.slice(-6)}`);
    await sql(world.databaseUrl, `UPDATE applications SET allowed_origins = $1 WHERE slug = $2`, [
      ['https://shop.example.com'],
      slug,
    ]);
    const headers = { 'x-application': slug };
    const account = { email: 'shopper@example.com', password: 'plum quartz 77 lantern' };
    await world.client.post('/v1/auth/register', account, { headers });
    world.clock.advance(5_001);
    const body = { ...account, session: 'cookie' };
    expectProblem(await page.send('POST', '/v1/auth/login', { body, headers }), 403, 'csrf_rejected');
    const shop = new Page(world, 'https://shop.example.com');
    const login = await shop.send('POST', '/v1/auth/login', { body, headers });
    expect(login.status).toBe(200);
    const [name] = [...shop.jar.keys()];
    expect(name).toBe(`__Host-countersign-refresh-${slug}`);
    page.jar.set(REFRESH, shop.jar.get(name ?? '') ?? '');
    page.csrfToken = shop.csrfToken;
    expectProblem(await page.logOut(), 401, 'invalid_token');
    expectProblem(await page.refresh(), 404, 'not_found');
  });
});

describe('a login into a cookie with a second factor', () => {
  let world: TestApp;
  let owner: PersonWithTotp;
  let page: Page;
  beforeAll(async () => {
    world = await startTestApp({ env: { CORS_ORIGINS: ORIGIN } });
  });
  beforeEach(async () => {
    owner = await registerWithTotp(world);
    page = new Page(world);
  });
  afterAll(() => world.stop());

  const verify = (from: Page, { body }: Answer, more: object = {}): Promise<Answer> =>
    from.send('POST', `/v1/challenges/${body.challenge.id as string}/verify`, {
      token: body.tempToken as string,
      body: { code: owner.code(), ...more },
    });

  it('answers the session and the device in cookies, and skips the factor by the latter', async () => {
    const challenge = await page.logIn(owner);
    expect(challenge.body).toMatchObject({
      status: 'challenge_required',
      tempToken: expect.stringMatching(/^tmp_/),
    });
    const verified = await verify(page, challenge, { trustDevice: true });
    expect(verified.status).toBe(200);
    expect(verified.body).toMatchObject({ status: 'authenticated', csrfToken: expect.any(String) });
    expect(JSON.stringify(verified.body)).not.toMatch(/rft_|dvt_/);
    expect([...page.jar.keys()].sort()).toEqual([DEVICE, REFRESH]);
    expect(page.jar.get(DEVICE)).toMatch(/^dvt_/);
    expect((await page.refresh()).status).toBe(200);
    expect((await page.logOut()).status).toBe(204);
    expect([...page.jar.keys()]).toEqual([DEVICE]);
    expect((await page.logIn(owner)).body.status).toBe('authenticated');
  });

  it('is not finished by a page of another origin, whose attempt costs nothing', async () => {
    const challenge = await page.logIn(owner);
    for (const origin of [null, 'https://evil.example']) {
      const refused = await verify(new Page(world, origin), challenge);
      expectProblem(refused, 403, 'csrf_rejected');
      expect(refused.headers.getSetCookie()).toEqual([]);
    }
    expect((await verify(page, challenge)).status).toBe(200);
  });

  it('cannot be turned into one that answers its tokens to the page', async () => {
    const challenge = await page.logIn(owner);
    const token = challenge.body.tempToken as string;
    const bytes = Buffer.from(token.slice(4), 'base64url');
    const shortened = `tmp_${Buffer.concat([bytes.subarray(0, 32), bytes.subarray(48)]).toString('base64url')}`;
    const answer = await page.send('POST', `/v1/challenges/${challenge.body.challenge.id as string}/verify`, {
      token: shortened,
      body: { code: owner.code() },
    });
    expectProblem(answer, 401, 'invalid_token');
  });

  it('that asked for tokens gets them, whatever cookies the browser has', async () => {
    await page.logIn(owner);
    const { body } = await page.send('POST', '/v1/auth/login', {
      body: { email: owner.email, password: owner.password, session: 'token' },
    });
    const answer = await verify(page, { body } as Answer);
    expect(answer.body.refreshToken).toMatch(/^rft_/);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });
});

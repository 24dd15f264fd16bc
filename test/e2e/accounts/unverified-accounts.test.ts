import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UnverifiedAccountStore } from '../../../libs/auth/src/accounts/unverified-account.store.js';
import { UnverifiedAccountsSweeper } from '../../../libs/auth/src/accounts/unverified-accounts.sweeper.js';
import { setPolicy, setStatus } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { activate, enrolTotp } from '../../factories/factors.js';
import { mailedToken } from '../../factories/mails.js';
import { register } from '../../factories/people.js';
import { eventually } from '../../factories/process.js';
import { sql } from '../../factories/sql.js';

const PASSWORD = 'plum quartz 77 lantern';
const LATE = '31 days';

describe('an account whose address nobody verifies', () => {
  const masterKey = randomBytes(32).toString('base64');
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp({ masterKey, env: { ROLE: 'all' } });
    await setPolicy(world, { requireVerifiedEmail: true });
  });
  afterAll(() => world.stop());

  const sweep = (on = world): Promise<number> => on.app.get(UnverifiedAccountsSweeper).sweep();
  const isThere = async (email: string): Promise<boolean> =>
    (await sql(world.databaseUrl, `SELECT id FROM users WHERE email = $1`, [email])).length > 0;
  /** As if the last mail had left so long ago; its link is over. */
  const age = async (email: string, by = LATE): Promise<void> => {
    await sql(
      world.databaseUrl,
      `UPDATE users SET verification_mailed_at = verification_mailed_at - $2::interval,
                        created_at = created_at - $2::interval WHERE email = $1`,
      [email, by],
    );
    await sql(world.databaseUrl, `DELETE FROM mailed_links WHERE email = $1`, [email]);
  };
  /** An account that was made under the policy, and mailed its link. */
  const waiting = async (name: string): Promise<string> => {
    const email = `${name}@example.com`;
    expect((await world.client.post('/v1/auth/register', { email, password: PASSWORD })).status).toBe(202);
    await mailedToken(world, email, 'verify-email');
    await eventually(async () => {
      const mailed = await sql(
        world.databaseUrl,
        `SELECT id FROM users WHERE email = $1 AND verification_mailed_at IS NOT NULL`,
        [email],
      );
      return mailed.length === 1;
    });
    return email;
  };

  it('is erased thirty days after its last mail, with an event, and the address is free again', async () => {
    const email = await waiting('forgotten');
    await age(email, '29 days');
    expect(await sweep()).toBe(0);
    await age(email, '2 days');
    expect(await sweep()).toBe(1);
    expect(await isThere(email)).toBe(false);
    const erased = await sql(world.databaseUrl, `SELECT id FROM events WHERE type = 'user.deleted'`);
    expect(erased).toHaveLength(1);
    await waiting('forgotten');
  });

  it('stays while somebody may still follow a link', async () => {
    const email = await waiting('lately');
    await change(email, `verification_mailed_at = now() - interval '31 days'`);
    expect(await sweep()).toBe(0);
    await age(email);
    expect(await sweep()).toBe(1);
  });

  it.each<[string, (email: string) => Promise<unknown>]>([
    ['was verified', (email) => change(email, `email_verified_at = now()`)],
    ['was never really mailed a link', (email) => change(email, `verification_mailed_at = NULL`)],
    ['was made before policy demanded it, or imported', (email) => change(email, `must_verify = false`)],
    ['is an administrator', (email) => change(email, `role = 'admin'`)],
    ['is suspended', (email) => setStatus(world, email, 'suspended')],
  ])('stays where it %s', async (what, make) => {
    const email = await waiting(what.replaceAll(/\W/g, '-'));
    await age(email);
    await make(email);
    expect(await sweep()).toBe(0);
    expect(await isThere(email)).toBe(true);
  });

  it('stays with an active factor, or a live session, and wherever policy demands it no more', async () => {
    await setPolicy(world, {});
    const [factor, session] = [await register(world), await register(world)];
    const { id, code } = await enrolTotp(world, factor.accessToken);
    expect((await activate(world, factor.accessToken, id, code())).status).toBe(200);
    const emails = [factor.email, session.email];
    await sql(
      world.databaseUrl,
      `UPDATE users SET must_verify = true, verification_mailed_at = now() WHERE email = ANY ($1)`,
      [emails],
    );
    for (const email of emails) await age(email);
    expect(await sweep()).toBe(0);
    await setPolicy(world, { requireVerifiedEmail: true });
    await sql(world.databaseUrl, `DELETE FROM sessions USING users WHERE users.id = user_id AND email = $1`, [
      factor.email,
    ]);
    expect(await sweep()).toBe(0);
    await sql(world.databaseUrl, `DELETE FROM sessions`);
    expect(await sweep()).toBe(1);
    expect([await isThere(factor.email), await isThere(session.email)]).toEqual([true, false]);
  });

  it('stays once it was verified, even where it got another address without mail', async () => {
    const email = await waiting('moved');
    const token = await mailedToken(world, email, 'verify-email');
    expect((await world.client.post('/v1/auth/email/verify', { token, password: PASSWORD })).status).toBe(
      204,
    );
    await change(email, `email_verified_at = NULL`);
    await age(email);
    expect(await sweep()).toBe(0);
    expect(await isThere(email)).toBe(true);
  });

  it('stays where it is verified while the sweep is under way', async () => {
    const email = await waiting('racing');
    await age(email);
    const store = world.app.get(UnverifiedAccountStore);
    const find = store.unverified.bind(store);
    store.unverified = async (...asked) => {
      const page = await find(...asked);
      await change(email, `email_verified_at = now()`);
      return page;
    };
    try {
      expect(await sweep()).toBe(0);
    } finally {
      store.unverified = find;
    }
    expect(await isThere(email)).toBe(true);
  });

  it('stays for ever where UNVERIFIED_RETENTION is off', async () => {
    const email = await waiting('for-ever');
    await age(email, '3650 days');
    const { databaseUrl } = world;
    const lasting = await startTestApp({ databaseUrl, masterKey, env: { UNVERIFIED_RETENTION: 'off' } });
    try {
      expect(await sweep(lasting)).toBe(0);
      expect(await sweep()).toBe(1);
    } finally {
      await lasting.stop();
    }
  });

  async function change(email: string, set: string): Promise<void> {
    await sql(world.databaseUrl, `UPDATE users SET ${set} WHERE email = $1`, [email]);
  }
});

import { Database, newId } from '@countersign/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../../migrations/index.js';
import { emptyDatabase } from '../factories/database.js';
import { sql } from '../factories/sql.js';

const AT = new Date('2026-11-01T00:00:00Z');

/** How an account of the version before differs from one that waits to be verified. */
interface Before {
  readonly email: string;
  readonly policy?: boolean;
  readonly verified?: boolean;
  readonly role?: string;
  readonly session?: boolean;
  readonly event?: string;
  readonly sent?: boolean;
}

describe('migrations 10 and 20', () => {
  let databaseUrl: string;
  const applications = new Map<boolean, string>();

  beforeAll(async () => {
    databaseUrl = await emptyDatabase();
    const before = migrations.findIndex((Migration) => new Migration().name.startsWith('WhoseAddress'));
    await Database.migrate(databaseUrl, migrations.slice(0, before));
    for (const demands of [true, false]) {
      const id = newId(AT);
      applications.set(demands, id);
      await sql(
        databaseUrl,
        `INSERT INTO applications (id, slug, name, issuer, policy, created_at, updated_at)
         VALUES ($1, $2, 'a', 'a', $3, $4, $4)`,
        [id, `demands-${demands}`, JSON.stringify({ requireVerifiedEmail: demands }), AT],
      );
    }
    await account({ email: 'waits' });
    await account({ email: 'verified', verified: true });
    await account({ email: 'administrator', role: 'admin' });
    await account({ email: 'has-a-session', session: true });
    await account({ email: 'had-a-session', event: 'session.created' });
    await account({ email: 'not-mailed', sent: false });
    await account({ email: 'no-policy', policy: false });
    await Database.migrate(databaseUrl, migrations);
  });

  it('begin the time of those accounts at the upgrade that are known to wait, and let all others be', async () => {
    const rows = await sql<{ email: string; since: number | null }>(
      databaseUrl,
      `SELECT email, extract(epoch FROM now() - verification_mailed_at)::float AS since
         FROM users WHERE must_verify OR verification_mailed_at IS NOT NULL`,
    );
    expect(rows.map(({ email }) => email)).toEqual(['waits']);
    expect(rows[0]?.since).toBeGreaterThanOrEqual(0);
    expect(rows[0]?.since).toBeLessThan(600);
  });

  it('leave links as those of the registration that made the account', async () => {
    const links = await sql(databaseUrl, `SELECT DISTINCT password_hash, failures FROM mailed_links`);
    expect(links).toEqual([{ password_hash: null, failures: 0 }]);
  });

  async function account({ email, policy = true, ...is }: Before): Promise<void> {
    const [id, applicationId] = [newId(AT), applications.get(policy)];
    await sql(
      databaseUrl,
      `INSERT INTO users (id, application_id, external_id, email, email_verified_at, role, password_hash,
                          created_at, updated_at)
       VALUES ($1, $2, $3, $3, $4, $5, 'hash', $6, $6)`,
      [id, applicationId, email, is.verified === true ? AT : null, is.role ?? 'user', AT],
    );
    await sql(
      databaseUrl,
      `INSERT INTO mailed_links (id, application_id, user_id, kind, email, security_epoch, digest, due_at,
                                 created_at, expires_at)
       VALUES ($1, $2, $3, 'verify_email', $4, 1, '\\x00', $5, $6, $6)`,
      [newId(AT), applicationId, id, email, is.sent === false ? AT : null, AT],
    );
    for (const type of ['user.created', ...(is.event === undefined ? [] : [is.event])]) {
      await sql(
        databaseUrl,
        `INSERT INTO events (id, at, application_id, type, user_id, actor_type, data)
         VALUES ($1, $2, $3, $4, $5, 'user', '{}')`,
        [newId(AT), AT, applicationId, type, id],
      );
    }
    if (is.session !== true) return;
    await sql(
      databaseUrl,
      `INSERT INTO sessions (id, application_id, user_id, security_epoch, refresh_digest, amr, auth_time, created_at,
                             last_used_at, expires_at, ends_at)
       VALUES ($1, $2, $3, 1, '\\x00', '{pwd}', $4, $4, $4, $4, $4)`,
      [newId(AT), applicationId, id, AT],
    );
  }
});

import { Database, newId } from '@countersign/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../../migrations/index.js';
import { emptyDatabase } from '../factories/database.js';
import { sql } from '../factories/sql.js';

const AT = new Date('2026-11-01T00:00:00Z');

describe('migrations 11, 14 and 21', () => {
  let databaseUrl: string;
  const [applicationId, userId, messageId] = [newId(AT), newId(AT), newId(AT)];
  // As the version before writes it.
  const send = (id: string, to: string): Promise<object[]> =>
    sql(
      databaseUrl,
      `INSERT INTO messages (id, application_id, user_id, channel, country, enrolment, status, created_at, updated_at)
       VALUES ($1, $2, $3, 'sms', 'GE', false, 'queued', $4, $4)`,
      [id, applicationId, to, AT],
    );

  beforeAll(async () => {
    databaseUrl = await emptyDatabase();
    const before = migrations.findIndex((Migration) => new Migration().name === 'Erasures0000000000011');
    await Database.migrate(databaseUrl, migrations.slice(0, before));
    await sql(
      databaseUrl,
      `INSERT INTO applications (id, slug, name, issuer, created_at, updated_at) VALUES ($1, 'a', 'a', 'a', $2, $2)`,
      [applicationId, AT],
    );
    await sql(
      databaseUrl,
      `INSERT INTO users (id, application_id, external_id, created_at, updated_at) VALUES ($1, $2, 'u', $3, $3)`,
      [userId, applicationId, AT],
    );
    await send(messageId, userId);
    await Database.migrate(databaseUrl, migrations);
  });

  it('leave messages as they were, take those of the version before, and let it erase their user', async () => {
    const second = newId(AT);
    await send(second, userId);
    await sql(databaseUrl, 'INSERT INTO erasures (user_id) VALUES ($1)', [newId(AT)]);
    await sql(
      databaseUrl,
      'INSERT INTO login_failures (user_id, count, since, until) VALUES ($1, 1, now(), now())',
      [userId],
    );
    await sql(databaseUrl, 'DELETE FROM users WHERE id = $1', [userId]);
    expect(await sql(databaseUrl, 'SELECT id, source FROM messages ORDER BY id')).toEqual(
      [messageId, second].sort().map((id) => ({ id, source: null })),
    );
    expect(await sql(databaseUrl, 'SELECT user_id FROM login_failures')).toEqual([]);
    expect(await sql(databaseUrl, 'SELECT pass, cleared_at AS "clearedAt" FROM erasures')).toEqual([
      { pass: 1, clearedAt: null },
    ]);
  });
});

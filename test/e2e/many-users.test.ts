import { Database, publicId } from '@countersign/core';
import { Applications, UserStore } from '@countersign/directory';
import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { trustDevice } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import { stepUp } from '../factories/factors.js';
import { mailedToken } from '../factories/mails.js';
import { logIn, registerWithTotp } from '../factories/people.js';
import { enrolServedUser, makeAdministrator, makeServer, type Server } from '../factories/servers.js';
import { sql, uuidOf } from '../factories/sql.js';

const MANY = 20_000;
const USERS_NEAR_THE_END = cursor('usr', 'fff00000-0000-7000-8000-000000000000');
/** Of a list whose newest come first. */
const DELIVERIES_NEAR_THE_END = cursor('dlv', '00100000-0000-7000-8000-000000000000');
const TABLES = ['users', 'factors', 'sessions', 'devices', 'webhook_deliveries'];

describe('with many users', () => {
  const masterKey = randomBytes(32).toString('base64');
  const env = { ROLE: 'all', WEBHOOK_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8' };
  let databaseUrl: string;
  let webhookId: string;
  beforeAll(async () => {
    const first = await startTestApp({ masterKey, env });
    // With one plan for whatever is asked, which is what PostgreSQL settles on for a service that runs.
    databaseUrl = `${first.databaseUrl}?options=-c%20plan_cache_mode%3Dforce_generic_plan`;
    const server = await makeServer(first, { administrator: await makeAdministrator(first) });
    webhookId = await makeWebhook(server);
    await seedMany(databaseUrl, uuidOf(webhookId));
    await first.stop();
  });

  it('no request, and nothing that follows from one, reads all of them', async () => {
    const before = await rowsRead(databaseUrl);
    const world = await startTestApp({ masterKey, databaseUrl, env });
    try {
      await actAsAccount(world);
      await actAsServer(world, webhookId);
    } finally {
      // What its connections have counted is written when they end.
      await world.stop();
    }
    const after = await rowsRead(databaseUrl);
    for (const table of TABLES) {
      expect((after[table] ?? 0) - (before[table] ?? 0), table).toBeLessThan(MANY / 10);
    }
  });
});

function cursor(kind: 'usr' | 'dlv', id: string): string {
  return Buffer.from(publicId(kind, id)).toString('base64url');
}

// For what never happens here: nothing has to be delivered.
async function makeWebhook(server: Server): Promise<string> {
  const made = await server.post('/v1/webhooks', {
    url: 'http://127.0.0.1:9/',
    events: ['backup_codes.low'],
  });
  expect(made.status).toBe(201);
  return made.body.id as string;
}

async function actAsAccount(world: TestApp): Promise<void> {
  const { client } = world;
  const person = await registerWithTotp(world);
  await mailedToken(world, person.email, 'verify-email');
  await trustDevice(world, person);
  const { accessToken: token, refreshToken } = await logIn(world, person);
  await client.get('/v1/me', { token });
  await client.get('/v1/me/factors', { token });
  await client.get('/v1/me/sessions', { token });
  await client.get('/v1/me/devices', { token });
  await client.post('/v1/auth/refresh', { refreshToken });
  await stepUp(world, person);
  await client.post('/v1/auth/password/forgot', { email: person.email });
  await mailedToken(world, person.email, 'reset-password');
}

async function actAsServer(world: TestApp, webhookId: string): Promise<void> {
  const [first, second] = [await makeAdministrator(world), await makeAdministrator(world)];
  const server = await makeServer(world, { administrator: first });
  const user = await enrolServedUser(world, server);
  const path = `/v1/users/${user.externalId}`;
  expect((await server.post(`${path}/verify`, { code: user.code() })).status).toBe(200);
  await server.get('/v1/users?limit=5');
  await server.get(`/v1/users?limit=5&cursor=${USERS_NEAR_THE_END}`);
  await findByAddress(world);
  await server.get(`${path}/factors`);
  await server.get('/v1/events?limit=5');
  const deliveries = `/v1/webhooks/${webhookId}/deliveries?limit=5`;
  expect((await server.get(deliveries)).body.data).toHaveLength(5);
  expect((await server.get(`${deliveries}&cursor=${DELIVERIES_NEAR_THE_END}`)).status).toBe(200);
  expect((await server.delete(path)).status).toBe(204);
  // Whether an administrator is left is looked at under a lock.
  const suspended = await world.client.send('PUT', `/v1/users/${second.id}`, {
    token: first.token,
    body: { status: 'suspended' },
  });
  expect(suspended.status).toBe(200);
}

// As an import of secrets finds whom it is for.
async function findByAddress({ app }: TestApp): Promise<void> {
  const application = await app.get(Applications).bySlug();
  const named = (name: string): Promise<unknown> =>
    app.get(UserStore).named(app.get(Database).direct, application?.id ?? '', name);
  expect(await named('seeded-17@example.com')).toBeDefined();
  expect(await named('known-17@example.com')).toBeDefined();
}

async function seedMany(databaseUrl: string, webhookId: string): Promise<void> {
  await sql(
    databaseUrl,
    `INSERT INTO users (id, application_id, external_id, email, password_hash, created_at, updated_at)
     SELECT gen_random_uuid(), applications.id, kind || '-' || i, kind || '-' || i || '@example.com', hash, now(), now()
       FROM applications, generate_series(1, $1) AS i, (VALUES ('seeded', 'none'), ('known', NULL)) AS kinds (kind, hash)`,
    [MANY / 2],
  );
  await sql(
    databaseUrl,
    `INSERT INTO factors (id, application_id, user_id, type, status, is_default, hint, secret, security_epoch, created_at)
     SELECT gen_random_uuid(), application_id, id, 'totp', 'active', true, '', '', 1, now() FROM users`,
  );
  await sql(
    databaseUrl,
    `INSERT INTO sessions (id, application_id, user_id, security_epoch, refresh_digest, amr, auth_time, created_at,
                           last_used_at, expires_at, ends_at)
     SELECT gen_random_uuid(), application_id, id, 1, '', '{pwd}', now(), now(), now(), now() + interval '1 day',
            now() + interval '1 day' FROM users`,
  );
  await sql(
    databaseUrl,
    `INSERT INTO devices (id, application_id, user_id, security_epoch, digest, created_at, expires_at)
     SELECT gen_random_uuid(), application_id, id, 1, '', now(), now() + interval '1 day' FROM users`,
  );
  await sql(
    databaseUrl,
    `INSERT INTO webhook_deliveries (id, created_at, webhook_id, event_id, event_at, event_type, status)
     SELECT gen_random_uuid(), now(), $1, gen_random_uuid(), now(), 'user.created', 'succeeded'
       FROM generate_series(1, $2)`,
    [webhookId, MANY],
  );
  await sql(databaseUrl, `ANALYZE ${TABLES.join(', ')}`);
}

async function rowsRead(databaseUrl: string): Promise<Record<string, number>> {
  const tables = await sql<{ name: string; rows: number }>(
    databaseUrl,
    `SELECT name, sum(seq_tup_read + COALESCE(idx_tup_fetch, 0))::integer AS rows
       FROM pg_stat_user_tables, regexp_replace(relname, '_(default|[0-9_]+)$', '') AS name
      WHERE name = ANY ($1) GROUP BY name`,
    [TABLES],
  );
  return Object.fromEntries(tables.map(({ name, rows }) => [name, rows]));
}

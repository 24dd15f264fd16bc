import { randomBytes } from 'node:crypto';
import { hash } from '@node-rs/argon2';
import { Database } from '@countersign/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../../migrations/index.js';
import { passwordLogin } from '../factories/accounts.js';
import { startTestApp } from '../factories/app.js';
import { emptyDatabase, freshDatabase } from '../factories/database.js';
import { type ProductProcess, startProcess } from '../factories/process.js';
import { sql } from '../factories/sql.js';

it('applications that are built in the same instant on a new database make one set of keys', async () => {
  const options = { databaseUrl: await freshDatabase(), masterKey: randomBytes(32).toString('base64') };
  const worlds = await Promise.all([1, 2, 3, 4, 5, 6].map(() => startTestApp(options)));
  try {
    for (const table of ['data_keys', 'signing_keys', 'applications']) {
      expect(await sql(options.databaseUrl, `SELECT count(*)::int FROM ${table}`), table).toEqual([
        { count: 1 },
      ]);
    }
  } finally {
    await Promise.all(worlds.map((world) => world.stop()));
  }
});

/** Starts two processes in the same instant and waits for both. */
async function startTwo(
  databaseUrl: string,
  more: Readonly<Record<string, string>> = {},
): Promise<ProductProcess[]> {
  const env = {
    NODE_ENV: 'test',
    DATABASE_URL: databaseUrl,
    MASTER_KEY: randomBytes(32).toString('base64'),
    PUBLIC_URL: 'http://auth.example.com',
    LOG_LEVEL: 'warn',
    ...more,
  };
  const instances = await Promise.all([1, 2].map(() => startProcess({ env })));
  return Promise.all(instances.map((instance) => instance.ready()));
}

describe('instances that start at the same moment on an empty database', () => {
  const instances: ProductProcess[] = [];
  let databaseUrl: string;

  beforeAll(async () => {
    databaseUrl = await emptyDatabase();
    const administrator = {
      BOOTSTRAP_ADMIN_EMAIL: 'first@example.com',
      BOOTSTRAP_ADMIN_PASSWORD: 'the same long phrase',
    };
    instances.push(...(await startTwo(databaseUrl, administrator)));
  });
  afterAll(() => Promise.all(instances.map((instance) => instance.stop())));

  it('all come up, with one set of keys, one application and one administrator between them', async () => {
    for (const table of ['data_keys', 'signing_keys', 'applications', 'users', 'events']) {
      expect(await sql(databaseUrl, `SELECT count(*)::int FROM ${table}`), table).toEqual([{ count: 1 }]);
    }
    const published = await Promise.all(instances.map(({ client }) => client.get('/.well-known/jwks.json')));
    for (const { body } of published) {
      expect(body.keys).toHaveLength(1);
      expect(body).toEqual(published[0]?.body);
    }
  });

  it('accept the tokens of each other', async () => {
    const [first, second] = instances as [ProductProcess, ProductProcess];
    const { body } = await first.client.post('/v1/auth/login', {
      email: 'first@example.com',
      password: 'the same long phrase',
    });
    const me = await second.client.get('/v1/me', { token: body.accessToken as string });
    expect(me).toMatchObject({ status: 200, body: { role: 'admin' } });
  });
});

describe('instances that start at the same moment on a database with data, the migrations pending', () => {
  const person = { email: 'of.old@example.com', password: 'a phrase of before the change' };
  const instances: ProductProcess[] = [];
  let databaseUrl: string;

  beforeAll(async () => {
    databaseUrl = await emptyDatabase();
    await Database.migrate(databaseUrl, migrations.slice(0, 1));
    const passwordHash = await hash(person.password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
    await sql(
      databaseUrl,
      `WITH application AS (
         INSERT INTO applications (id, slug, name, issuer, created_at, updated_at)
         VALUES (gen_random_uuid(), 'default', 'Old', 'Old', now(), now())
         RETURNING id
       )
       INSERT INTO users (id, application_id, external_id, email, password_hash, created_at, updated_at)
       SELECT gen_random_uuid(), id, 'of-old', $1, $2, now(), now() FROM application`,
      [person.email, passwordHash],
    );
    instances.push(...(await startTwo(databaseUrl)));
  });
  afterAll(() => Promise.all(instances.map((instance) => instance.stop())));

  it('apply each once, and let in who was there before', async () => {
    const applied = await sql<{ name: string }>(databaseUrl, `SELECT name FROM migrations ORDER BY id`);
    expect(applied.map(({ name }) => name)).toEqual(migrations.map((Migration) => new Migration().name));
    for (const { client } of instances) {
      const { status, body } = await passwordLogin({ client }, person);
      expect({ status, email: body.user?.email }).toEqual({ status: 200, email: person.email });
    }
  });
});

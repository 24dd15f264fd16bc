import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

describe('instances that start at the same moment on an empty database', () => {
  const instances: ProductProcess[] = [];
  let databaseUrl: string;

  beforeAll(async () => {
    databaseUrl = await emptyDatabase();
    const env = {
      NODE_ENV: 'test',
      DATABASE_URL: databaseUrl,
      MASTER_KEY: randomBytes(32).toString('base64'),
      BOOTSTRAP_ADMIN_EMAIL: 'first@example.com',
      BOOTSTRAP_ADMIN_PASSWORD: 'the same long phrase',
      PUBLIC_URL: 'http://auth.example.com',
      LOG_LEVEL: 'warn',
    };
    instances.push(...(await Promise.all([1, 2].map(() => startProcess({ env })))));
    await Promise.all(instances.map((instance) => instance.ready()));
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

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type ContractDocument,
  credentialsOf,
  type Route,
  routesOf,
} from '../../contract/contract-document.js';
import { makeApplication, passwordLogin } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import {
  type Administrator,
  enrolServedUser,
  makeAdministrator,
  makeServer,
  newExternalId,
  type ServedUser,
  type Server,
} from '../../factories/servers.js';
import { sql } from '../../factories/sql.js';

const contract = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../docs/openapi.json'), 'utf8'),
) as ContractDocument;

const routes = routesOf(contract)
  .filter(({ path }) => path.startsWith('/v1/') && !/^\/v1\/(auth|me)\b/.test(path))
  .map((route) => ({ ...route, name: `${route.method} ${route.path}` }));
const naming = routes.filter(({ path }) => path.includes('{'));
const listing = routes.filter(({ method, path }) => method === 'GET' && !path.includes('{'));

/** A body that each route takes, by its operation. */
const BODIES: Readonly<Record<string, object>> = {
  putUser: { displayName: 'Namesake' },
  enrolFactorOfUser: { type: 'totp' },
  activateFactorOfUser: { code: '123456' },
  changeFactorOfUser: { label: 'mine' },
  resyncFactorOfUser: { codes: ['123456', '654321'] },
  verifyUser: { code: '123456' },
  verifyChallenge: { user: 'nobody', code: '123456' },
  sendChallenge: { factorId: 'fac_01jdc0m6bye5ts0kc28f7q9v3m' },
  changeApiKey: { name: 'mine' },
  rotateApiKey: { graceSeconds: 1 },
  changeApplication: { name: 'mine' },
  changeWebhook: { description: 'mine' },
  redeliverSince: { since: '2026-01-01T00:00:00Z' },
};
/** Ids that belong to nothing anywhere. */
const ABSENT: Readonly<Record<string, string>> = {
  fac: 'fac_01jdc0m6bye5ts0kc28f7q9v3m',
  dev: 'dev_01jdc0m6bye5ts0kc28f7q9v3m',
  chl: 'chl_01jdc0m6bye5ts0kc28f7q9v3m',
  key: 'key_01jdc0m6bye5ts0kc28f7q9v3m',
  app: 'app_01jdc0m6bye5ts0kc28f7q9v3m',
  whk: 'whk_01jdc0m6bye5ts0kc28f7q9v3m',
  dlv: 'dlv_01jdc0m6bye5ts0kc28f7q9v3m',
};

/** Two applications: one whose things are asked for, and one whose server and administrator ask. */
describe('another application', () => {
  let world: TestApp;
  let owner: Server;
  let user: ServedUser;
  let stranger: Server;
  let strangersAdministrator: Administrator;
  /** Ids of the first application, by their kind. */
  let ids: Readonly<Record<string, string>>;

  beforeAll(async () => {
    world = await startTestApp();
    const administrator = await makeAdministrator(world);
    owner = await makeServer(world, { administrator });
    user = await enrolServedUser(world, owner);
    const challenge = await owner.post('/v1/challenges', { user: user.externalId });
    const verified = await owner.post(`/v1/challenges/${challenge.body.id}/verify`, {
      user: user.externalId,
      code: user.code(),
      trustDevice: true,
    });
    if (verified.status !== 200) throw new Error(JSON.stringify(verified.body));
    const open = await owner.post('/v1/challenges', { user: user.externalId });
    const devices = await owner.get(`/v1/users/${user.externalId}/devices`);
    const webhook = await owner.post('/v1/webhooks', { url: 'https://93.184.216.34/', events: ['*'] });
    const applications = await world.client.get('/v1/applications', { token: administrator.token });
    const slug = await makeApplication(world, 'strange');
    ids = {
      fac: user.factorId,
      dev: devices.body.data[0].id,
      chl: open.body.id,
      key: owner.keyId,
      app: applications.body.data[0].id,
      whk: webhook.body.id,
    };
    stranger = await makeServer(world, { administrator, application: slug });
    strangersAdministrator = await makeStrangersAdministrator(slug);
  });
  // Asked for somebody of our name, the other application makes its own.
  afterEach(() =>
    sql(
      world.databaseUrl,
      `DELETE FROM users USING applications
        WHERE applications.id = application_id AND slug = 'strange' AND role = 'user'`,
    ),
  );
  afterAll(() => world.stop());

  async function makeStrangersAdministrator(slug: string): Promise<Administrator> {
    const headers = { 'x-application': slug };
    const account = { email: 'boss@strange.example', password: 'correct horse battery staple' };
    const registered = await world.client.post('/v1/auth/register', account, { headers });
    await sql(world.databaseUrl, `UPDATE users SET role = 'admin' WHERE email = $1`, [account.email]);
    const { body } = await passwordLogin(world, account, {}, headers);
    return { ...account, id: registered.body.user.id as string, token: body.accessToken as string };
  }

  function kindOf(path: string): string {
    const kinds = {
      factors: 'fac',
      devices: 'dev',
      challenges: 'chl',
      'api-keys': 'key',
      applications: 'app',
      webhooks: 'whk',
    };
    const found = Object.entries(kinds).find(([resource]) => path.includes(`/${resource}/{id}`));
    return found?.[1] ?? '';
  }

  function urlOf({ path }: Route, things: Readonly<Record<string, string>>, externalId: string): string {
    return path
      .replace('{user}', externalId)
      .replace('{deliveryId}', ABSENT['dlv'] ?? '')
      .replace('{id}', things[kindOf(path)] ?? '');
  }

  async function ask(route: Route, url: string): Promise<Answer[]> {
    const body = BODIES[route.operation.operationId ?? ''];
    const sent = body === undefined ? {} : { body };
    const credentials = credentialsOf(route.operation);
    const answers: Answer[] = [];
    if (credentials.includes('apiKey')) {
      answers.push(
        await world.client.send(route.method, url, { ...sent, headers: { 'x-api-key': stranger.key } }),
      );
    }
    if (credentials.includes('accessToken')) {
      answers.push(
        await world.client.send(route.method, url, { ...sent, token: strangersAdministrator.token }),
      );
    }
    return answers;
  }

  const told = ({ status, body }: Answer): unknown => ({
    status,
    body: status < 300 ? 'something of its own' : { ...body, requestId: undefined },
  });

  it('is asked by every route that names a thing', () => {
    expect(naming.length).toBeGreaterThan(30);
    const bodies = naming.filter(({ operation }) => operation.requestBody !== undefined);
    expect(
      bodies.map(({ operation }) => operation.operationId).filter((id) => BODIES[id ?? ''] === undefined),
    ).toEqual([]);
  });

  it.each(naming)('cannot tell by $name what is here from what is nowhere', async (route) => {
    const before = await everything();
    const here = await ask(route, urlOf(route, ids, user.externalId));
    const nowhere = await ask(route, urlOf(route, ABSENT, newExternalId()));
    expect(here.length).toBeGreaterThan(0);
    expect(here.map(told)).toEqual(nowhere.map(told));
    for (const answer of here) {
      expect([200, 201, 404, 409]).toContain(answer.status);
      expect(JSON.stringify(answer.body ?? '')).not.toContain(user.factorId);
    }
    expect(await everything()).toBe(before);
  });

  it.each(listing)('finds nothing of ours by $name', async (route) => {
    for (const answer of await ask(route, `${route.path}?limit=100`)) {
      expect(answer.status).toBe(200);
      const text = JSON.stringify(answer.body);
      for (const id of [...Object.values(ids), user.externalId]) expect(text).not.toContain(id);
    }
  });

  /** Everything of the first application, but for what its own log says. */
  async function everything(): Promise<string> {
    const [application] = await sql<{ id: string }>(
      world.databaseUrl,
      `SELECT id FROM applications WHERE slug = 'default'`,
    );
    const digests: string[] = [];
    for (const table of ['users', 'factors', 'devices', 'sessions', 'webhooks', 'events']) {
      const [row] = await sql<{ digest: string }>(
        world.databaseUrl,
        `SELECT count(*) || md5(COALESCE(string_agg(row::text, '' ORDER BY row::text), '')) AS digest
           FROM ${table} AS row WHERE application_id = $1`,
        [application?.id],
      );
      digests.push(`${table} ${row?.digest}`);
    }
    const [names] = await sql(
      world.databaseUrl,
      `SELECT name, policy FROM applications WHERE slug = 'default'`,
    );
    return [...digests, JSON.stringify(names)].join('\n');
  }
});

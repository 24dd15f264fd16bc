import { HostResolver } from '@countersign/webhooks';
import { Webhook as Standard } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem, makeApplication } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { eventually } from '../../factories/process.js';
import {
  type Answering,
  type ReceivedMessage,
  type Receiver,
  startReceiver,
} from '../../factories/receivers.js';
import {
  type Administrator,
  enrolServedUser,
  makeAdministrator,
  makeServer,
  newExternalId,
  type Server,
} from '../../factories/servers.js';
import { sql, uuidOf } from '../../factories/sql.js';
import { networkOf } from '../../../libs/webhooks/src/targets/network.js';
import { TargetPolicy } from '../../../libs/webhooks/src/targets/target-policy.js';
import { WebhookSender } from '../../../libs/webhooks/src/targets/webhook-sender.js';

const SCHEDULE = Array.from({ length: 20 }, () => '100ms').join(',');
const ENV = {
  ROLE: 'all',
  WEBHOOK_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8',
  WEBHOOK_RETRY_SCHEDULE: SCHEDULE,
  WEBHOOK_TIMEOUT: '2s',
};

interface MadeWebhook {
  readonly id: string;
  readonly secret: string;
}

/** Makes a webhook for a receiver. */
async function hook(server: Server, url: string, events: readonly string[] = ['*']): Promise<MadeWebhook> {
  const { status, body } = await server.post('/v1/webhooks', { url, events });
  if (status !== 201) throw new Error(`webhooks answered ${status} ${JSON.stringify(body)}`);
  return body as MadeWebhook;
}

function verifiedBy({ secret }: MadeWebhook, { body, headers }: ReceivedMessage): void {
  new Standard(secret).verify(body, headers);
  new Svix(secret).verify(body, headers);
}

describe('webhooks', () => {
  let world: TestApp;
  let administrator: Administrator;
  let server: Server;
  const receivers: Receiver[] = [];
  beforeAll(async () => {
    world = await startTestApp({ env: ENV });
    administrator = await makeAdministrator(world);
    server = await makeServer(world, {
      administrator,
      // Tests look again and again until something has come about.
      rateLimit: { limit: 1_000_000, windowSeconds: 60 },
    });
  });
  afterEach(async () => {
    const { body } = await server.get('/v1/webhooks?limit=100');
    for (const { id } of body.data as { id: string }[]) await server.delete(`/v1/webhooks/${id}`);
    await Promise.all(receivers.splice(0).map((receiver) => receiver.stop()));
  });
  afterAll(() => world.stop());

  const receive = async (answer?: Answering): Promise<Receiver> => {
    const receiver = await startReceiver(answer);
    receivers.push(receiver);
    return receiver;
  };
  const makeUser = async (): Promise<Answer> => server.put(`/v1/users/${newExternalId()}`, {});
  const deliveriesOf = async ({ id }: MadeWebhook): Promise<Record<string, unknown>[]> =>
    (await server.get(`/v1/webhooks/${id}/deliveries?limit=100`)).body.data as Record<string, unknown>[];

  it('tell of failed logins only where they name them', async () => {
    const [all, named] = [await receive(), await receive()];
    await hook(server, all.url);
    await hook(server, named.url, ['login.failed']);
    await world.client.post('/v1/auth/login', {
      email: administrator.email,
      password: 'not the password 42',
    });
    await eventually(async () => {
      const due = `UPDATE login_failures SET due_at = now() WHERE due_at IS NOT NULL RETURNING user_id`;
      return (await sql(world.databaseUrl, due)).length > 0;
    });
    await eventually(() => named.types()['login.failed'] === 1);
    await makeUser();
    await eventually(() => all.types()['user.created'] === 1);
    expect(all.types()).not.toHaveProperty('login.failed');
    expect(named.types()).toEqual({ 'login.failed': 1 });
  });

  it('carry events that the published libraries verify, and that say who and what', async () => {
    const receiver = await receive();
    const made = await hook(server, receiver.url);
    const user = await enrolServedUser(world, server);
    await eventually(() => receiver.types()['two_factor.enabled'] === 1);
    expect(receiver.types()).toMatchObject({
      'factor.activated': 2,
      'webhook.created': 1,
    });
    for (const message of receiver.messages) verifiedBy(made, message);
    const message = receiver.messages.find(({ body }) => body.includes('two_factor.enabled'));
    const body = JSON.parse(message?.body ?? '{}') as { timestamp: string };
    expect(body).toEqual({
      type: 'two_factor.enabled',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: {
        user: { id: expect.stringMatching(/^usr_/), externalId: user.externalId },
        factorId: user.factorId,
        factorType: 'totp',
      },
    });
    expect(message?.headers).toMatchObject({ 'content-type': 'application/json' });
    const { body: log } = await server.get('/v1/events?type=two_factor.enabled&limit=1');
    expect(message?.id).toBe(log.data[0].id);
  });

  it('are told only what they asked for, and nothing of another application', async () => {
    const [all, some] = [await receive(), await receive()];
    await hook(server, all.url);
    await hook(server, some.url, ['user.created']);
    const stranger = await makeServer(world, {
      administrator,
      application: await makeApplication(world, 'stranger'),
    });
    const elsewhere = await receive();
    await hook(stranger, elsewhere.url);
    await enrolServedUser(world, server);
    await eventually(() => all.types()['two_factor.enabled'] === 1);
    await eventually(() => some.messages.length > 0);
    expect(some.types()).toEqual({ 'user.created': 1 });
    expect(Object.keys(elsewhere.types()).filter((type) => !/^(webhook|api_key)\./.test(type))).toEqual([]);
  });

  it('are signed by both secrets while one is rotated, then by the new one', async () => {
    const receiver = await receive();
    const made = await hook(server, receiver.url, ['user.created']);
    const rotated = await server.post(`/v1/webhooks/${made.id}/rotate-secret`);
    expect(rotated.body).toMatchObject({ id: made.id, secret: expect.stringMatching(/^whsec_/) });
    const renewed = rotated.body as MadeWebhook;
    await makeUser();
    await eventually(() => receiver.messages.length === 1);
    const [both] = receiver.messages;
    if (both === undefined) throw new Error('nothing came');
    expect(both.headers['webhook-signature']?.split(' ')).toHaveLength(2);
    verifiedBy(made, both);
    verifiedBy(renewed, both);
    await sql(world.databaseUrl, `UPDATE webhooks SET previous_until = previous_until - interval '2 days'`);
    await makeUser();
    await eventually(() => receiver.messages.length === 2);
    const last = receiver.messages.at(-1);
    if (last === undefined) throw new Error('nothing came');
    verifiedBy(renewed, last);
    expect(() => new Standard(made.secret).verify(last.body, last.headers)).toThrow();
    const stored = await sql(world.databaseUrl, `SELECT encode(secret, 'base64') AS secret FROM webhooks`);
    expect(JSON.stringify(stored)).not.toContain(renewed.secret.slice('whsec_'.length));
  });

  it('are tried again under the same id until they are taken', async () => {
    let refusals = 3;
    const receiver = await receive((_request, response) => {
      response.writeHead((refusals -= 1) >= 0 ? 503 : 200).end('not now');
    });
    const made = await hook(server, receiver.url, ['user.created']);
    await makeUser();
    await eventually(() => receiver.messages.length === 4);
    expect(new Set(receiver.messages.map(({ id }) => id)).size).toBe(1);
    await eventually(async () => (await deliveriesOf(made))[0]?.['status'] === 'succeeded');
    expect(await deliveriesOf(made)).toEqual([
      {
        id: expect.stringMatching(/^dlv_/),
        eventId: receiver.messages[0]?.id,
        type: 'user.created',
        attempt: 4,
        status: 'succeeded',
        responseStatus: 200,
        // What a private network says is not passed on.
        responseExcerpt: null,
        error: null,
        createdAt: expect.any(String),
        nextAttemptAt: null,
      },
    ]);
  });

  it('all arrive once a receiver is back that was down, none lost, ids unchanged', async () => {
    const down = await startReceiver();
    const { port } = down;
    await down.stop();
    await hook(server, down.url, ['user.created']);
    for (let turn = 0; turn < 20; turn += 1) await makeUser();
    await eventually(async () => {
      const [row] = await sql<{ failed: number }>(
        world.databaseUrl,
        `SELECT count(*)::integer AS failed FROM webhook_deliveries WHERE attempt >= 1 AND status = 'pending'`,
      );
      return (row?.failed ?? 0) >= 20;
    });
    const back = await startReceiver(undefined, port);
    receivers.push(back);
    // At least once: one that was under way when the receiver went may come twice.
    await eventually(() => new Set(back.messages.map(({ id }) => id)).size === 20);
  });

  it('that are dead, dripping or endless hold up no other', async () => {
    const dead = await receive(() => undefined);
    const dripping = await receive((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('.'), 50);
      response.on('close', () => clearInterval(drip));
    });
    const endless = await receive((_request, response) => {
      response.writeHead(200);
      const flood = (): void => {
        while (response.writable && response.write('x'.repeat(65_536)));
      };
      response.on('drain', flood);
      flood();
    });
    const quick = await receive();
    for (const { url } of [dead, dripping, endless]) await hook(server, url, ['user.created']);
    await hook(server, quick.url, ['user.created']);
    const begun = performance.now();
    for (let turn = 0; turn < 60; turn += 1) await makeUser();
    await eventually(() => quick.messages.length === 60);
    expect(performance.now() - begun).toBeLessThan(10_000);
    await eventually(() => dripping.messages.length === 60 && endless.messages.length === 60);
  });

  it('are not held up by a flood of provisional answers', async () => {
    const receiver = await receive((_request, { socket }) => {
      const flood = (): void => {
        while (socket?.writable === true && socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'));
      };
      socket?.on('error', () => undefined).on('drain', flood);
      flood();
    });
    const made = await hook(server, receiver.url, ['user.created']);
    await makeUser();
    await eventually(async () => typeof (await deliveriesOf(made))[0]?.['error'] === 'string');
    expect((await deliveriesOf(made))[0]?.['error']).toBe('connection_lost');
  });

  it('follow no redirect, and say so', async () => {
    const elsewhere = await receive();
    const receiver = await receive((_request, response) => {
      response.writeHead(307, { location: elsewhere.url }).end();
    });
    const made = await hook(server, receiver.url, ['user.created']);
    await makeUser();
    await eventually(async () => (await deliveriesOf(made))[0]?.['error'] === 'redirect_not_followed');
    expect(elsewhere.messages).toEqual([]);
  });

  it('are disabled at once by 410, with an event, and enabled again by hand', async () => {
    const receiver = await receive((_request, response) => {
      response.writeHead(410).end();
    });
    const made = await hook(server, receiver.url, ['user.created']);
    await makeUser();
    const path = `/v1/webhooks/${made.id}`;
    await eventually(async () => (await server.get(path)).body.status === 'disabled');
    const { body } = await server.get('/v1/events?type=webhook.disabled&limit=1');
    expect(body.data[0]).toMatchObject({
      data: { webhookId: made.id, reason: 'gone' },
      actor: { type: 'system', id: null },
    });
    expectProblem(await server.post(`${path}/test`), 409, 'conflict');
    receiver.answer = (_request, response) => response.writeHead(200).end();
    expect((await server.patch(path, { status: 'enabled' })).body.status).toBe('enabled');
    expect((await server.post(`${path}/test`)).status).toBe(202);
    await eventually(() => receiver.types()['webhook.test'] === 1);
  });

  it('are disabled when five days have brought nothing but failures', async () => {
    const receiver = await receive((_request, response) => {
      response.writeHead(500).end();
    });
    const made = await hook(server, receiver.url, ['user.created']);
    await makeUser();
    await eventually(() => receiver.messages.length >= 1);
    await eventually(async () => {
      const [row] = await sql<{ failing: boolean }>(
        world.databaseUrl,
        'SELECT failing_since IS NOT NULL AS failing FROM webhooks WHERE id = $1',
        [uuidOf(made.id)],
      );
      return row?.failing === true;
    });
    expect((await server.get(`/v1/webhooks/${made.id}`)).body.status).toBe('enabled');
    await sql(world.databaseUrl, `UPDATE webhooks SET failing_since = failing_since - interval '5 days'`);
    await eventually(async () => (await server.get(`/v1/webhooks/${made.id}`)).body.status === 'disabled');
    await eventually(async () => (await deliveriesOf(made)).every(({ status }) => status === 'failed'));
  });

  it('are tested by an event that only the tested one gets, whatever it asked for', async () => {
    const [tested, other] = [await receive(), await receive()];
    const made = await hook(server, tested.url, ['user.deleted']);
    await hook(server, other.url);
    expect((await server.post(`/v1/webhooks/${made.id}/test`)).status).toBe(202);
    await eventually(() => tested.types()['webhook.test'] === 1);
    expect(other.types()['webhook.test']).toBeUndefined();
  });

  it('get one delivery once more, or everything since a moment, also what they missed', async () => {
    const receiver = await receive();
    const made = await hook(server, receiver.url, ['user.created']);
    world.clock.advance(1_000);
    const since = world.clock.now().toISOString();
    await makeUser();
    await eventually(async () => (await deliveriesOf(made))[0]?.['status'] === 'succeeded');
    const [delivery] = await deliveriesOf(made);
    const again = await server.post(
      `/v1/webhooks/${made.id}/deliveries/${String(delivery?.['id'])}/redeliver`,
    );
    expect(again.status).toBe(202);
    await eventually(() => receiver.messages.length === 2);
    expect(receiver.messages[1]?.id).toBe(receiver.messages[0]?.id);

    const witness = await receive();
    await hook(server, witness.url, ['user.created']);
    await server.patch(`/v1/webhooks/${made.id}`, { status: 'disabled' });
    await makeUser();
    await eventually(() => witness.messages.length === 1);
    await server.patch(`/v1/webhooks/${made.id}`, { status: 'enabled' });
    expect((await server.post(`/v1/webhooks/${made.id}/redeliver`, { since })).status).toBe(202);
    await eventually(() => receiver.messages.length === 4);
    expect(receiver.messages.map(({ id }) => id)).toContain(witness.messages[0]?.id);
    expectProblem(await server.post(`/v1/webhooks/${made.id}/redeliver`, {}), 400, 'validation_failed');
  });

  it('under way are sent again once they are settled, however often that was asked meanwhile', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const receiver = await receive((_request, response) => {
      void held.then(() => response.writeHead(204).end());
    });
    const made = await hook(server, receiver.url, ['user.created']);
    await makeUser();
    await eventually(() => receiver.messages.length === 1);
    const [delivery] = await deliveriesOf(made);
    const path = `/v1/webhooks/${made.id}/deliveries/${String(delivery?.['id'])}/redeliver`;
    for (let time = 0; time < 3; time += 1) expect((await server.post(path)).status).toBe(202);
    const before = receiver.messages.length;
    release();
    await eventually(() => receiver.messages.length > before);
    expect(new Set(receiver.messages.map(({ id }) => id)).size).toBe(1);
    await eventually(async () => (await deliveriesOf(made))[0]?.['status'] === 'succeeded');
    expect((await deliveriesOf(made))[0]).toMatchObject({ responseStatus: 204, error: null });
  });

  it('that failed under way are sent again at once, not by their schedule', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const receiver = await receive((_request, response) => {
      void held.then(() => response.writeHead(410).end());
    });
    const made = await hook(server, receiver.url, ['user.created']);
    await makeUser();
    await eventually(() => receiver.messages.length === 1);
    const since = new Date(world.clock.now().getTime() - 60_000).toISOString();
    expect((await server.post(`/v1/webhooks/${made.id}/redeliver`, { since })).status).toBe(202);
    await eventually(async () => {
      const rows = await sql<{ again: boolean }>(
        world.databaseUrl,
        'SELECT again FROM webhook_deliveries WHERE webhook_id = $1 AND event_type = $2',
        [uuidOf(made.id), 'user.created'],
      );
      return rows.some(({ again }) => again);
    });
    receiver.answer = (_request, response) => response.writeHead(204).end();
    release();
    // It was disabled by the 410 of before; what was asked for ends with a word.
    await eventually(async () => (await deliveriesOf(made))[0]?.['error'] === 'webhook_disabled');
  });

  it('have one wish for everything that waits, and none of another application waits behind it', async () => {
    const [many, few] = [await receive(), await receive()];
    const application = await makeApplication(world, 'patient');
    const patient = await makeServer(world, { administrator, application });
    const events = 450;
    await sql(
      world.databaseUrl,
      `INSERT INTO events (id, at, type, application_id, actor_type, data)
       SELECT gen_random_uuid(), $1::timestamptz + turn * interval '1 millisecond', 'user.updated',
              (SELECT id FROM applications WHERE slug = 'default'), 'system', '{}'
         FROM generate_series(1, $2::integer) AS turn`,
      [world.clock.now(), events],
    );
    const since = new Date(world.clock.now().getTime() - 1).toISOString();
    world.clock.advance(1_000);
    const witness = await receive();
    const seen = await hook(server, witness.url, ['user.created']);
    await makeUser();
    // What is in the log by now has been told to those who were there.
    await eventually(() => witness.messages.length === 1);
    await server.delete(`/v1/webhooks/${seen.id}`);
    const theirs = await hook(patient, few.url, ['user.created']);
    await patient.put(`/v1/users/${newExternalId()}`, {});
    await eventually(() => few.messages.length === 1);
    const [delivery] = (await patient.get(`/v1/webhooks/${theirs.id}/deliveries`)).body.data as {
      id: string;
    }[];

    const greedy = [];
    for (let count = 0; count < 3; count += 1) greedy.push(await hook(server, many.url, ['user.updated']));
    for (const { id } of greedy) {
      for (let time = 0; time < 5; time += 1) {
        expect((await server.post(`/v1/webhooks/${id}/redeliver`, { since })).status).toBe(202);
      }
    }
    const [waiting] = await sql<{ count: number }>(
      world.databaseUrl,
      'SELECT count(*)::integer AS count FROM webhook_replays',
    );
    expect(waiting?.count).toBeLessThanOrEqual(3);
    await eventually(() => many.messages.length > 0);
    await patient.post(`/v1/webhooks/${theirs.id}/deliveries/${delivery?.id}/redeliver`);
    await patient.put(`/v1/users/${newExternalId()}`, {});
    await eventually(() => few.messages.length === 3);
    expect(many.messages.length).toBeLessThan((3 * events) / 2);
    // All of it comes, all the same.
    const [first] = greedy;
    await eventually(async () => {
      const [row] = await sql<{ count: number }>(
        world.databaseUrl,
        `SELECT count(*)::integer AS count FROM webhook_deliveries WHERE webhook_id = $1 AND status = 'succeeded'`,
        [uuidOf(first?.id ?? '')],
      );
      return (row?.count ?? 0) >= events;
    });
    await patient.delete(`/v1/webhooks/${theirs.id}`);
  }, 60_000);

  it('are made, listed, changed and removed by keys with the scope, and by administrators', async () => {
    const receiver = await receive();
    const made = await server.post('/v1/webhooks', {
      url: receiver.url,
      events: ['user.created'],
      description: 'desk',
    });
    expect({ status: made.status, body: made.body }).toEqual({
      status: 201,
      body: {
        id: expect.stringMatching(/^whk_/),
        url: receiver.url,
        events: ['user.created'],
        description: 'desk',
        status: 'enabled',
        createdAt: expect.any(String),
        secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
      },
    });
    const { secret: _secret, ...shown } = made.body;
    const path = `/v1/webhooks/${made.body.id}`;
    expect((await server.get(path)).body).toEqual(shown);
    const changed = await server.patch(path, { events: ['*'], description: null });
    expect(changed.body).toEqual({ ...shown, events: ['*'], description: null });
    const reader = await makeServer(world, { administrator, scopes: ['webhooks:read'] });
    expect((await reader.get('/v1/webhooks')).body.data).toHaveLength(1);
    expectProblem(await reader.delete(path), 403, 'insufficient_scope');
    const stranger = await makeServer(world, {
      administrator,
      application: await makeApplication(world, 'another'),
    });
    for (const answer of [
      await stranger.get(path),
      await stranger.patch(path, { events: ['*'] }),
      await stranger.post(`${path}/test`),
      await stranger.post(`${path}/rotate-secret`),
      await stranger.get(`${path}/deliveries`),
      await stranger.post(`${path}/redeliver`, { since: '2026-01-01T00:00:00Z' }),
      await stranger.delete(path),
    ]) {
      expectProblem(answer, 404, 'not_found');
    }
    expect((await world.client.delete(path, { token: administrator.token })).status).toBe(204);
    expectProblem(await server.get(path), 404, 'not_found');
  });

  it.each([
    ['no URL', { events: ['*'] }],
    ['what is no URL', { url: 'nonsense', events: ['*'] }],
    ['another scheme', { url: 'ftp://example.com/', events: ['*'] }],
    ['a user name', { url: 'https://jo@example.com/', events: ['*'] }],
    ['a fragment', { url: 'https://example.com/#x', events: ['*'] }],
    ['an empty fragment', { url: 'https://example.com/#', events: ['*'] }],
    ['a private address', { url: 'https://10.0.0.1/', events: ['*'] }],
    ['a private address in disguise', { url: 'http://0xa.1/', events: ['*'] }],
    ['a mapped address', { url: 'http://[::ffff:192.168.0.1]/', events: ['*'] }],
    ['the address of a cloud’s secrets', { url: 'http://169.254.169.254/latest', events: ['*'] }],
    ...[
      'http://127.0.0.1:9/a\r\nX-Injected: 1',
      'http://h\\@evil.example/',
      'ht\ntp://127.0.0.1:9/',
      'http:127.0.0.1:9',
      'http:///127.0.0.1:9/',
      ' http://127.0.0.1:9/',
      'http://127.0.0.1:9/a\tb',
      'http://127.0.0.1:9/ ',
    ].map((url): [string, object] => [`a URL to repair: ${JSON.stringify(url)}`, { url, events: ['*'] }]),
    ['no events', { url: 'https://example.com/', events: [] }],
    ['an unknown event', { url: 'https://example.com/', events: ['user.sneezed'] }],
    ['everything and something', { url: 'https://example.com/', events: ['*', 'user.created'] }],
    ['an event twice', { url: 'https://example.com/', events: ['user.created', 'user.created'] }],
    ['an unknown field', { url: 'https://example.com/', events: ['*'], secret: 'x' }],
  ])('are not made with %s', async (_what, body) => {
    expectProblem(await server.post('/v1/webhooks', body), 400, 'validation_failed');
  });

  it('keep a URL as it was parsed, and refuse one to repair also when it is changed', async () => {
    const made = await server.post('/v1/webhooks', {
      url: 'HTTP://127.0.0.1:80/ä?b',
      events: ['user.created'],
    });
    expect(made.body.url).toBe('http://127.0.0.1/%C3%A4?b');
    const path = `/v1/webhooks/${made.body.id}`;
    expectProblem(await server.patch(path, { url: 'http:127.0.0.1:9' }), 400, 'validation_failed');
    expect((await server.patch(path, { url: 'http://127.0.0.1:9' })).body.url).toBe('http://127.0.0.1:9/');
  });
});

describe('webhooks of one application', () => {
  let world: TestApp;
  let server: Server;
  beforeAll(async () => {
    world = await startTestApp({ env: ENV });
    server = await makeServer(world, { rateLimit: { limit: 1_000_000, windowSeconds: 60 } });
  });
  afterAll(() => world.stop());

  it('are at most a hundred, also when they are made at once', async () => {
    const target = { url: 'http://127.0.0.1:9/hook', events: ['user.created'] };
    const answers = await Promise.all(Array.from({ length: 104 }, () => server.post('/v1/webhooks', target)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(100);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ status }) => status)).toEqual([409, 409, 409, 409]);
    expectProblem(refused[0] as Answer, 409, 'conflict');
  });
});

describe('a webhook whose name leads astray', () => {
  let world: TestApp;
  let server: Server;
  let leadsTo: string[] = [];
  beforeAll(async () => {
    world = await startTestApp({ env: { ...ENV, WEBHOOK_ALLOW_PRIVATE_NETWORKS: '' } });
    const resolver = world.app.get(HostResolver, { strict: false });
    resolver.addresses = async () => leadsTo;
    server = await makeServer(world);
  });
  afterAll(() => world.stop());

  it('is refused when it is made', async () => {
    for (leadsTo of [['127.0.0.1'], ['93.184.216.34', '10.0.0.1'], ['::ffff:127.0.0.1'], ['fd00::1']]) {
      const refused = await server.post('/v1/webhooks', { url: 'https://trap.example/', events: ['*'] });
      expectProblem(refused, 400, 'validation_failed');
      expect(refused.body.errors).toEqual([
        { path: 'url', message: expect.stringContaining('public address') },
      ]);
    }
  });

  it('is not called when it has turned to a private address since', async () => {
    const receiver = await startReceiver();
    leadsTo = ['93.184.216.34'];
    const url = `http://trap.example:${receiver.port}/`;
    const made = await hook(server, url, ['user.created']);
    leadsTo = ['127.0.0.1'];
    await server.put(`/v1/users/${newExternalId()}`, {});
    await eventually(async () => {
      const { body } = await server.get(`/v1/webhooks/${made.id}/deliveries`);
      return body.data[0]?.error === 'address_refused';
    });
    expect(receiver.messages).toEqual([]);
    await receiver.stop();
  });
});

describe('the URL of a webhook', () => {
  const policyIn = (production: boolean, allowedNetworks: readonly unknown[] = []): TargetPolicy =>
    new TargetPolicy(
      { addresses: async () => ['93.184.216.34'] },
      { allowedNetworks } as unknown as ConstructorParameters<typeof TargetPolicy>[1],
      { production } as unknown as ConstructorParameters<typeof TargetPolicy>[2],
    );

  it('is https:// in production, wherever it leads', async () => {
    const judged = async (production: boolean, url: string): Promise<string> =>
      JSON.stringify(await policyIn(production).judge(url));
    expect(await judged(false, 'http://shop.example/')).toContain('"url":"http://shop.example/"');
    expect(await judged(true, 'http://shop.example/')).toContain('must be an https:// URL');
    expect(await judged(true, 'https://shop.example/')).toContain('"url"');
  });

  it('says which address is refused, and what would let it in, where that tells nothing of the network', async () => {
    const judge = (addresses: readonly string[], url: string): Promise<object> =>
      new TargetPolicy(
        { addresses: async () => addresses },
        { allowedNetworks: [networkOf('127.0.0.0/8')] } as unknown as ConstructorParameters<
          typeof TargetPolicy
        >[1],
        { production: false } as unknown as ConstructorParameters<typeof TargetPolicy>[2],
      ).judge(url);
    const local = ['127.0.0.1', '::1'];
    expect(await judge(local, 'http://localhost:8080/')).toEqual({
      fault: expect.stringMatching(
        /localhost leads to ::1.*adding ::1\/128 to WEBHOOK_ALLOW_PRIVATE_NETWORKS/,
      ),
    });
    expect(await judge([], 'http://10.0.0.7/')).toEqual({ fault: expect.stringContaining('10.0.0.7/32') });
    expect(await judge(['127.0.0.1', '10.0.0.7'], 'http://a.example/')).toEqual({
      fault: expect.stringContaining('10.0.0.7/32'),
    });
    const hidden = await judge(['10.0.0.7'], 'http://intranet.example/');
    expect(hidden).toEqual({ fault: expect.stringContaining('public address') });
    expect(JSON.stringify(hidden)).not.toContain('10.0.0.7');
    const linkLocal = await judge([], 'http://169.254.169.254/');
    expect(linkLocal).toEqual({ fault: expect.stringContaining('link-local') });
  });

  it('is an address that is looked at again when it is called: the operator may have closed that network', async () => {
    const receiver = await startReceiver();
    const send = (policy: TargetPolicy): Promise<object> =>
      new WebhookSender(policy, {
        timeoutMs: 2_000,
      } as unknown as ConstructorParameters<typeof WebhookSender>[1]).send({
        url: receiver.url,
        headers: {},
        body: '{}',
      });
    const open = policyIn(false, [networkOf('127.0.0.0/8')]);
    expect(await send(open)).toEqual({ answered: true, status: 204, excerpt: null });
    expect(await send(policyIn(false))).toEqual({ answered: false, fault: 'address_refused' });
    expect(receiver.messages).toHaveLength(1);
    await receiver.stop();
  });
});

import { SCOPES } from '@countersign/api-keys';
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import * as OTPAuth from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, Client, type Sent } from '../factories/client.js';
import { freshDatabase } from '../factories/database.js';
import { hasRedisServer, ownRedis } from '../factories/dependencies.js';
import { eventually, type ProductProcess, startProcess } from '../factories/process.js';
import { type Receiver, startReceiver } from '../factories/receivers.js';
import { newExternalId, serverOf } from '../factories/servers.js';
import { type MailServer, startMailServer } from '../factories/smtp.js';
import { sql } from '../factories/sql.js';
import { codeOf, WIDE_LIMITS } from '../factories/traffic.js';
import { startTwilio, type TwilioStandIn } from '../factories/twilio.js';

const PHONE = '+447400123987';
const ADMINISTRATOR = { email: 'admin@example.com', password: 'canary administrator phrase 4711' };

/** Remembers what was refused, and what reading brought. */
class WatchedClient extends Client {
  readonly shown: string[] = [];

  override async send(method: string, path: string, sent: Sent): Promise<Answer> {
    const answer = await super.send(method, path, sent);
    // Whoever makes a secret is shown it once; errors and reading never show one.
    const isSecret = path.includes('/csrf');
    if ((answer.status >= 400 || method === 'GET') && !isSecret) {
      this.shown.push(`${method} ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer;
  }
}

describe.runIf(hasRedisServer)(
  'after a whole life with every factor, its secrets',
  { timeout: 120_000 },
  () => {
    const secrets = new Map<string, string>();
    const keep = (name: string, value: unknown): string => {
      if (typeof value !== 'string' || value.length < 6) throw new Error(`${name} is ${String(value)}`);
      secrets.set(name, value);
      return value;
    };
    const stops: (() => unknown)[] = [];
    let client: WatchedClient;
    let product: ProductProcess;
    let databaseUrl: string;
    let redisUrl: string;
    let mail: MailServer;
    let sms: TwilioStandIn;
    let receiver: Receiver;

    beforeAll(async () => {
      const redis = await ownRedis();
      stops.push(() => redis.remove());
      redisUrl = redis.url;
      databaseUrl = await freshDatabase();
      mail = await startMailServer();
      sms = await startTwilio();
      receiver = await startReceiver();
      const env = {
        NODE_ENV: 'test',
        LOG_LEVEL: 'debug',
        DATABASE_URL: databaseUrl,
        REDIS_URL: redisUrl,
        MASTER_KEY: keep('master key', randomBytes(32).toString('base64')),
        BOOTSTRAP_ADMIN_EMAIL: ADMINISTRATOR.email,
        BOOTSTRAP_ADMIN_PASSWORD: keep('administrator’s password', ADMINISTRATOR.password),
        WEBHOOK_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8',
        SMS_ALLOWED_COUNTRIES: 'GB',
        ...mail.env,
        ...sms.env,
        ...WIDE_LIMITS,
        RATE_LIMIT_MAIL: '1000/1h',
      };
      product = await (await startProcess({ env })).ready();
      stops.push(() => product.stop());
      stops.push(...[mail, sms, receiver].map((stand) => () => stand.stop()));
      client = new WatchedClient(product.client.baseUrl);
      await liveAsPerson();
      await liveAsServer();
      await readEverything();
    }, 120_000);
    afterAll(async () => {
      for (const stop of stops.reverse()) await stop();
    });

    const answered = async (status: number, request: Promise<Answer>): Promise<Record<string, unknown>> => {
      const answer = await request;
      expect({ status: answer.status, body: JSON.stringify(answer.body) }).toMatchObject({ status });
      return answer.body as Record<string, unknown>;
    };
    const linkTo = async (address: string, page: string): Promise<string> => {
      const { text = '' } = await mail.mailTo(address, (sent) =>
        String(sent.text).includes(`/${page}?token=`),
      );
      return keep(`${page} link`, /^((?:vfy|rst)_[\w-]+)$/m.exec(text)?.[1]);
    };
    const totpOf = (name: string, uri: string): OTPAuth.TOTP => {
      const totp = OTPAuth.URI.parse(uri);
      if (!(totp instanceof OTPAuth.TOTP)) throw new Error('not a TOTP URI');
      keep(`${name}: base32`, totp.secret.base32);
      keep(`${name}: hex`, totp.secret.hex);
      keep(`${name}: base64`, Buffer.from(totp.secret.bytes).toString('base64'));
      return totp;
    };
    const tokens = (name: string, body: Record<string, unknown>): string => {
      keep(`${name}: refresh token`, body['refreshToken']);
      return keep(`${name}: access token`, body['accessToken']);
    };
    let token = '';
    let totp: OTPAuth.TOTP;

    async function liveAsPerson(): Promise<void> {
      const email = 'canary.person@example.com';
      const password = keep('password', 'canary first passphrase 8241');
      const wrong = keep('wrong password', 'canary mistaken passphrase 5521');
      await client.post('/v1/auth/register', { email, password: keep('refused password', 'canary7') });
      tokens('registration', await answered(201, client.post('/v1/auth/register', { email, password })));
      await answered(401, client.post('/v1/auth/login', { email, password: wrong }));
      const verification = await linkTo(email, 'verify-email');
      await answered(204, client.post('/v1/auth/email/verify', { token: verification, password }));
      token = tokens('login', await answered(200, client.post('/v1/auth/login', { email, password })));

      const enrolled = await answered(201, client.post('/v1/me/factors', { type: 'totp' }, { token }));
      totp = totpOf('TOTP secret', String(enrolled['otpauthUri']));
      const activate = `/v1/me/factors/${String(enrolled['id'])}/activate`;
      await answered(422, client.post(activate, { code: keep('wrong code', codeOf(totp, 50)) }, { token }));
      const first = { code: keep('code that activates', codeOf(totp, -1)) };
      const activated = await answered(200, client.post(activate, first, { token }));
      const codes = activated['backupCodes'] as string[];
      for (const [at, code] of codes.entries()) {
        keep(`backup code ${at}`, code);
        keep(`backup code ${at} without dashes`, code.replaceAll('-', ''));
      }

      const begun = await answered(200, client.post('/v1/auth/login', { email, password }));
      const temp = keep('temp token', begun['tempToken']);
      const verify = `/v1/challenges/${String((begun['challenge'] as { id: string }).id)}/verify`;
      await answered(422, client.post(verify, { code: keep('replay', codeOf(totp, -1)) }, { token: temp }));
      const code = { code: keep('code that logs in', codeOf(totp)), trustDevice: true };
      const verified = await answered(200, client.post(verify, code, { token: temp }));
      const deviceToken = keep('device token', verified['deviceToken']);
      token = tokens('second factor', verified);
      const trusted = { email, password, deviceToken };
      token = tokens('trusted device', await answered(200, client.post('/v1/auth/login', trusted)));

      const again = await answered(200, client.post('/v1/auth/login', { email, password }));
      const backup = await answered(
        200,
        client.post(
          `/v1/challenges/${String((again['challenge'] as { id: string }).id)}/verify`,
          { code: codes[0] },
          { token: keep('second temp token', again['tempToken']) },
        ),
      );
      token = tokens('backup code', backup);
      const refreshed = { refreshToken: backup['refreshToken'] };
      token = tokens('refresh', await answered(200, client.post('/v1/auth/refresh', refreshed)));

      const texted = await answered(
        201,
        client.post('/v1/me/factors', { type: 'sms', phoneNumber: PHONE }, { token }),
      );
      await eventually(() => sms.taken.some(({ To }) => To === PHONE));
      const text = /\b\d{6}\b/.exec(sms.taken.find(({ To }) => To === PHONE)?.Body ?? '')?.[0];
      await answered(
        200,
        client.post(
          `/v1/me/factors/${String(texted['id'])}/activate`,
          { code: keep('texted code', text) },
          { token },
        ),
      );
      const other = 'canary.other@example.com';
      const mailed = await answered(
        201,
        client.post('/v1/me/factors', { type: 'email', email: other }, { token }),
      );
      const note = await mail.mailTo(other, (sent) => /\b\d{6}\b/.test(String(sent.text)));
      await answered(
        200,
        client.post(
          `/v1/me/factors/${String(mailed['id'])}/activate`,
          { code: keep('mailed code', /\b\d{6}\b/.exec(String(note.text))?.[0]) },
          { token },
        ),
      );

      const newPassword = keep('changed password', 'canary second passphrase 9923');
      const change = { currentPassword: password, newPassword };
      await answered(204, client.post('/v1/auth/password/change', change, { token }));
      await answered(202, client.post('/v1/auth/password/forgot', { email }));
      const link = await linkTo(email, 'reset-password');
      await misplace(token, link);
      const reset = { token: link, newPassword: keep('reset password', 'canary third passphrase 1187') };
      const afterwards = await client.post('/v1/auth/password/reset', reset);
      expect(afterwards.status).toBeLessThan(300);

      const page = {
        email: 'canary.page@example.com',
        password: keep('page’s password', 'canary page passphrase 3310'),
      };
      await answered(201, client.post('/v1/auth/register', page));
      const inCookies = await client.post(
        '/v1/auth/login',
        { ...page, session: 'cookie' },
        { headers: { origin: client.baseUrl } },
      );
      expect(inCookies.status, JSON.stringify(inCookies.body)).toBe(200);
      for (const cookie of inCookies.headers.getSetCookie()) {
        const value = cookie.split(';')[0]?.split('=').slice(1).join('=') ?? '';
        if (value.length > 20) keep(`cookie ${cookie.split('=')[0]}`, value);
      }
      keep('CSRF token', (inCookies.body as Record<string, unknown>)['csrfToken']);
    }

    /** What people do to secrets by mistake. */
    async function misplace(access: string, link: string): Promise<void> {
      await client.get(`/v1/me?access_token=${access}`);
      await client.get(`/v1/challenges/${access}`, { token: access });
      await client.get(`/v1/${link}`);
      await client.get(`/reset-password?token=${link}`);
      await client.get('/v1/me', { headers: { 'x-api-key': access } });
      await client.get('/v1/me', { token: `${access}x` });
      await client.get('/v1/me', { headers: { authorization: `Basic ${access}` } });
      await client.get('/v1/me', {
        token: access,
        headers: { 'x-request-id': access, 'x-application': link },
      });
      await client.post('/v1/auth/login', { email: secrets.get('password'), password: 'not a text'.length });
      await client.post('/v1/auth/login', `{"password":"${secrets.get('password')}"`);
      await client.post('/v1/auth/login', `password=${secrets.get('password')}`, {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      await client.post('/v1/me/factors', { type: secrets.get('TOTP secret: base32') }, { token: access });
      await client.patch('/v1/me', { displayName: 7, password: secrets.get('password') }, { token: access });
    }

    async function liveAsServer(): Promise<void> {
      const administrator = tokens(
        'administrator',
        await answered(200, client.post('/v1/auth/login', ADMINISTRATOR)),
      );
      const scopes = SCOPES;
      const made = await client.post('/v1/api-keys', { name: 'canary', scopes }, { token: administrator });
      expect(made.status, JSON.stringify(made.body)).toBe(201);
      const { id, key } = made.body as { id: string; key: string };
      keep('API key', key);
      const rotated = await answered(
        200,
        client.post(`/v1/api-keys/${id}/rotate`, {}, { token: administrator }),
      );
      const server = serverOf(client, keep('rotated API key', rotated['key']));
      const hook = await answered(201, server.post('/v1/webhooks', { url: receiver.url, events: ['*'] }));
      const secret = keep('webhook secret', hook['secret']).replace('whsec_', '');
      keep('webhook secret: hex', Buffer.from(secret, 'base64').toString('hex'));
      const renewed = await answered(200, server.post(`/v1/webhooks/${String(hook['id'])}/rotate-secret`));
      keep('rotated webhook secret', String(renewed['secret']).replace('whsec_', ''));

      const user = newExternalId();
      const factors = `/v1/users/${user}/factors`;
      const once = { 'idempotency-key': 'canary-1' };
      const enrolled = await answered(201, server.post(factors, { type: 'totp' }, once));
      await answered(201, server.post(factors, { type: 'totp' }, once));
      const app = totpOf('served TOTP secret', String(enrolled['otpauthUri']));
      const activation = { code: keep('served code', codeOf(app, -1)) };
      const activated = await server.post(`${factors}/${String(enrolled['id'])}/activate`, activation);
      for (const [at, code] of (activated.body as { backupCodes: string[] }).backupCodes.entries()) {
        keep(`served backup code ${at}`, code.replaceAll('-', ''));
      }
      const opened = await answered(201, server.post('/v1/challenges', { user, action: 'pay' }));
      const proof = { user, action: 'pay', code: keep('served code for an action', codeOf(app)) };
      const proven = await answered(200, server.post(`/v1/challenges/${String(opened['id'])}/verify`, proof));
      keep('assertion', proven['assertion']);
      await eventually(() => receiver.messages.length > 2);
      client.shown.push(...receiver.messages.map(({ body }) => `webhook ${body}`));

      for (const path of [
        ...['/v1/events?limit=100', '/v1/users', `/v1/users/${user}`, factors, '/v1/webhooks'],
        `/v1/webhooks/${String(hook['id'])}/deliveries`,
      ]) {
        await answered(200, server.get(path));
      }
      await answered(200, client.get('/v1/api-keys', { token: administrator }));
    }

    async function readEverything(): Promise<void> {
      const email = 'canary.page@example.com';
      const password = secrets.get('page’s password');
      const reader = tokens(
        'reader',
        await answered(200, client.post('/v1/auth/login', { email, password })),
      );
      for (const path of [
        '/v1/me',
        '/v1/me/factors',
        '/v1/auth/sessions',
        '/v1/me/devices',
        '/v1/me/events',
      ]) {
        await client.get(path, { token: reader });
      }
    }

    /** The names of the secrets that a text shows. Codes are digits, which also occur inside of other numbers. */
    const shownIn = (text: string): string[] =>
      [...secrets].flatMap(([name, secret]) => {
        const shown = /^\d+$/.test(secret)
          ? new RegExp(`(?<![0-9a-zA-Z.])${secret}(?![0-9a-zA-Z])`).test(text)
          : [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64')].some(
              (form) => text.includes(form),
            );
        return shown ? [name] : [];
      });

    it('are many, of every kind', () => {
      expect(secrets.size).toBeGreaterThan(60);
    });

    it('are in no line of the log, at its most talkative', () => {
      const log = product.output();
      expect(log).toContain('/v1/auth/password/reset');
      expect(shownIn(log)).toEqual([]);
      for (const address of ['canary.person@example.com', PHONE, PHONE.slice(3)]) {
        expect(log.split('\n').filter((line) => line.includes(address))).toEqual([]);
      }
    });

    it('are in no error, no answer to reading, and no webhook', () => {
      expect(client.shown.length).toBeGreaterThan(30);
      expect(client.shown.flatMap((text) => shownIn(text).map((name) => `${name} in ${text}`))).toEqual([]);
    });

    it('are nowhere in the database, whether as text or as bytes', async () => {
      const tables = await sql<{ name: string }>(
        databaseUrl,
        `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
      );
      const found: string[] = [];
      const rows: string[] = [];
      for (const { name } of tables) {
        for (const { row } of await sql<{ row: string }>(
          databaseUrl,
          `SELECT t::text AS row FROM ${name} t`,
        )) {
          rows.push(row);
          found.push(...shownIn(row).map((secret) => `${secret} in ${name}: ${row}`));
        }
      }
      expect(rows.length).toBeGreaterThan(60);
      // What is there in clear would be seen.
      expect(rows.some((row) => row.includes('canary.page@example.com'))).toBe(true);
      expect(found).toEqual([]);
    });

    it('are nowhere in Redis', async () => {
      const redis = new Redis(redisUrl);
      try {
        const found: string[] = [];
        const keys = await redis.keys('*');
        for (const key of keys) {
          const type = await redis.type(key);
          const value: unknown = type === 'hash' ? await redis.hgetall(key) : await redis.dump(key);
          found.push(...shownIn(`${key} ${JSON.stringify(value)}`).map((secret) => `${secret} in ${key}`));
        }
        expect(keys.length).toBeGreaterThan(5);
        expect(found).toEqual([]);
      } finally {
        redis.disconnect();
      }
    });
  },
);

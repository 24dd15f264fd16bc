import { SetAdministrator } from '@countersign/auth';
import { SCOPES, type Scope } from '@countersign/api-keys';
import { randomBytes } from 'node:crypto';
import * as OTPAuth from 'otpauth';
import type { TestApp } from './app.js';
import type { Answer, Client } from './client.js';

/** An administrator's session. */
export interface Administrator {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  readonly token: string;
}

/** A server that calls with an API key. */
export interface Server {
  readonly keyId: string;
  readonly key: string;
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  put(path: string, body?: unknown): Promise<Answer>;
  patch(path: string, body?: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
}

/** A server's user with an authenticator app. */
export interface ServedUser {
  readonly externalId: string;
  readonly factorId: string;
  readonly backupCodes: readonly string[];
  /** The code that the app shows at the test clock's time, or so many 30-second steps later. */
  code(stepsLater?: number): string;
}

/** Makes an administrator of the default application, logged in. */
export async function makeAdministrator(world: TestApp): Promise<Administrator> {
  const email = `admin-${randomBytes(6).toString('hex')}@example.com`;
  const password = `a long ${randomBytes(6).toString('hex')} passphrase`;
  await world.app.get(SetAdministrator).run({ email, password });
  const { status, body } = await world.client.post('/v1/auth/login', { email, password });
  if (status !== 200) throw new Error(`login answered ${status}`);
  return { id: body.user.id as string, email, password, token: body.accessToken as string };
}

/** Makes an API key, of the default application and for everything where nothing is said. */
export async function makeServer(
  world: TestApp,
  {
    scopes = SCOPES,
    application,
    administrator,
    ...more
  }: {
    readonly scopes?: readonly Scope[];
    readonly application?: string;
    readonly administrator?: Administrator;
    readonly rateLimit?: { readonly limit: number; readonly windowSeconds: number };
  } = {},
): Promise<Server> {
  const { token } = administrator ?? (await makeAdministrator(world));
  const headers: Record<string, string> = application === undefined ? {} : { 'x-application': application };
  const { status, body } = await world.client.post(
    '/v1/api-keys',
    { name: 'a test', scopes, ...more },
    { token, headers },
  );
  if (status !== 201) throw new Error(`api-keys answered ${status} ${JSON.stringify(body)}`);
  return serverOf(world.client, body.key as string, body.id as string);
}

/** Speaks with a key to one instance. */
export function serverOf(client: Client, key: string, keyId = ''): Server {
  const headers = { 'x-api-key': key };
  return {
    key,
    keyId,
    get: (path) => client.get(path, { headers }),
    post: (path, body, more = {}) => client.post(path, body, { headers: { ...headers, ...more } }),
    put: (path, body) => client.send('PUT', path, { body, headers }),
    patch: (path, body) => client.patch(path, body, { headers }),
    delete: (path) => client.delete(path, { headers }),
  };
}

/** A name that no other test uses. */
export function newExternalId(): string {
  return `user-${randomBytes(6).toString('hex')}`;
}

/** Enrols an authenticator app for a user of a server's. The clock moves one step on. */
export async function enrolServedUser(
  world: Pick<TestApp, 'clock'>,
  server: Server,
  externalId = newExternalId(),
): Promise<ServedUser> {
  const factors = `/v1/users/${encodeURIComponent(externalId)}/factors`;
  const enrolled = await server.post(factors, { type: 'totp' });
  if (enrolled.status !== 201) throw new Error(`enrol answered ${JSON.stringify(enrolled.body)}`);
  const totp = OTPAuth.URI.parse(enrolled.body.otpauthUri as string);
  if (!(totp instanceof OTPAuth.TOTP)) throw new Error('not a TOTP URI');
  const code = (stepsLater = 0): string =>
    totp.generate({ timestamp: world.clock.now().getTime() + stepsLater * 30_000 });
  const factorId = enrolled.body.id as string;
  const activated = await server.post(`${factors}/${factorId}/activate`, { code: code() });
  if (activated.status !== 200) throw new Error(`activate answered ${JSON.stringify(activated.body)}`);
  world.clock.advance(30_000);
  return { externalId, factorId, backupCodes: activated.body.backupCodes as string[], code };
}

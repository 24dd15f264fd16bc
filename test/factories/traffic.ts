import { randomBytes } from 'node:crypto';
import * as OTPAuth from 'otpauth';
import type { Client } from './client.js';

/** What a client was told about one account: nothing in it was not answered with a 2xx. */
export interface Told {
  readonly login: { readonly email: string; readonly password: string };
  accessToken: string;
  refreshToken: string;
  /** Set once the factor was activated. */
  totp?: OTPAuth.TOTP;
  /** Codes that were accepted. */
  readonly spent: string[];
}

/** Settings for a process that traffic is sent to. */
export const WIDE_LIMITS = {
  RATE_LIMIT_LOGIN: '10000/15m',
  RATE_LIMIT_LOGIN_ADDRESS: '10000/15m',
  RATE_LIMIT_REGISTER: '10000/15m',
  RATE_LIMIT_DEFAULT: '10000/15m',
  RATE_LIMIT_VERIFY: '10000/15m',
  RATE_LIMIT_SEND: '10000/1h',
} as const;

/** The code of an authenticator app, so many steps from now. */
export function codeOf(totp: OTPAuth.TOTP, stepsLater = 0): string {
  return totp.generate({ timestamp: Date.now() + stepsLater * 30_000 });
}

/**
 * One account's life: registers, enrols an authenticator app, logs in with it, refreshes. Every fact is added to
 * `told` once its 2xx is here. Throws what fetch throws when the process dies under it, and an error for any
 * other status.
 */
export async function liveOneLife(client: Client, told: Told[]): Promise<void> {
  const email = `life-${randomBytes(8).toString('hex')}@example.com`;
  const password = `a long ${randomBytes(8).toString('hex')} passphrase`;
  const registered = await expectStatus(201, client.post('/v1/auth/register', { email, password }));
  const account: Told = { login: { email, password }, ...tokensOf(registered), spent: [] };
  told.push(account);

  const token = account.accessToken;
  const enrolled = await expectStatus(201, client.post('/v1/me/factors', { type: 'totp' }, { token }));
  const totp = OTPAuth.URI.parse(enrolled['otpauthUri'] as string);
  if (!(totp instanceof OTPAuth.TOTP)) throw new Error('not a TOTP URI');
  // The step before: the next two are left for logins, however fast these come.
  const first = codeOf(totp, -1);
  await expectStatus(
    200,
    client.post(`/v1/me/factors/${enrolled['id'] as string}/activate`, { code: first }, { token }),
  );
  account.totp = totp;
  account.spent.push(first);

  const code = codeOf(totp);
  const verified = await expectStatus(200, verifyLogin(client, account.login, code));
  account.spent.push(code);
  Object.assign(account, tokensOf(verified));

  const refreshed = await expectStatus(
    200,
    client.post('/v1/auth/refresh', { refreshToken: account.refreshToken }),
  );
  Object.assign(account, tokensOf(refreshed));
}

/** Both steps of a login. */
export async function verifyLogin(
  client: Client,
  login: Told['login'],
  code: string,
): Promise<{ status: number; body: Body }> {
  const begun = await expectStatus(200, client.post('/v1/auth/login', login));
  const challenge = begun['challenge'] as { id: string } | undefined;
  if (challenge === undefined) throw new Error('no second factor was asked for');
  const token = begun['tempToken'] as string;
  return client.post(`/v1/challenges/${challenge.id}/verify`, { code }, { token });
}

type Body = Record<string, unknown>;

async function expectStatus(status: number, answer: Promise<{ status: number; body: Body }>): Promise<Body> {
  const got = await answer;
  if (got.status !== status) throw new Error(`answered ${got.status} ${JSON.stringify(got.body)}`);
  return got.body;
}

function tokensOf(body: Body): Pick<Told, 'accessToken' | 'refreshToken'> {
  return { accessToken: body['accessToken'] as string, refreshToken: body['refreshToken'] as string };
}

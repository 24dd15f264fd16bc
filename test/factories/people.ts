import { randomBytes } from 'node:crypto';
import * as OTPAuth from 'otpauth';
import type { TestApp } from './app.js';

/** A registered account and what its owner holds. */
export interface Person {
  readonly email: string;
  readonly password: string;
  readonly id: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** A person whose authenticator app is enrolled. */
export interface PersonWithTotp extends Person {
  readonly factorId: string;
  readonly backupCodes: readonly string[];
  /** The code that the app shows at the test clock's time, or so many 30-second steps later. */
  code(stepsLater?: number): string;
}

type World = Pick<TestApp, 'client' | 'clock'>;

/** Registers somebody new. */
export async function register({ client }: Pick<World, 'client'>): Promise<Person> {
  const email = `person-${randomBytes(6).toString('hex')}@example.com`;
  const password = `a long ${randomBytes(6).toString('hex')} passphrase`;
  const { status, body } = await client.post('/v1/auth/register', { email, password });
  if (status !== 201) throw new Error(`register answered ${status} ${JSON.stringify(body)}`);
  return {
    email,
    password,
    id: body.user.id,
    accessToken: body.accessToken,
    refreshToken: body.refreshToken,
  };
}

/** Enrols and activates an authenticator app. The clock moves one step on, so that the next code is unspent. */
export async function registerWithTotp(world: World): Promise<PersonWithTotp> {
  const person = await register(world);
  const token = person.accessToken;
  const enrolled = await world.client.post('/v1/me/factors', { type: 'totp' }, { token });
  const totp = OTPAuth.URI.parse(enrolled.body.otpauthUri as string);
  if (!(totp instanceof OTPAuth.TOTP)) throw new Error('not a TOTP URI');
  const code = (stepsLater = 0): string =>
    totp.generate({ timestamp: world.clock.now().getTime() + stepsLater * 30_000 });
  const factorId = enrolled.body.id as string;
  const activated = await world.client.post(
    `/v1/me/factors/${factorId}/activate`,
    { code: code() },
    { token },
  );
  if (activated.status !== 200) throw new Error(`activate answered ${activated.status}`);
  world.clock.advance(30_000);
  return { ...person, factorId, backupCodes: activated.body.backupCodes as string[], code };
}

/** An open challenge. */
export interface OpenChallenge {
  readonly id: string;
  readonly tempToken: string;
}

/** The first step of a login whose second factor is asked for. */
export async function beginLogin({ client }: World, { email, password }: Person): Promise<OpenChallenge> {
  const { status, body } = await client.post('/v1/auth/login', { email, password });
  if (status !== 200 || body.status !== 'challenge_required') throw new Error(`login answered ${status}`);
  return { id: body.challenge.id as string, tempToken: body.tempToken as string };
}

/** Both steps of a login. @returns the verification's body: tokens */
export async function logIn(
  world: World,
  person: PersonWithTotp,
): Promise<{ accessToken: string; refreshToken: string }> {
  const challenge = await beginLogin(world, person);
  const { status, body } = await world.client.post(
    `/v1/challenges/${challenge.id}/verify`,
    { code: person.code() },
    { token: challenge.tempToken },
  );
  if (status !== 200) throw new Error(`verify answered ${status} ${JSON.stringify(body)}`);
  world.clock.advance(30_000);
  return body as { accessToken: string; refreshToken: string };
}

import * as OTPAuth from 'otpauth';
import type { TestApp } from './app.js';
import type { Answer } from './client.js';
import type { OpenChallenge, PersonWithTotp } from './people.js';

type World = Pick<TestApp, 'client' | 'clock'>;

/** A pending authenticator app. */
export interface PendingTotp {
  readonly id: string;
  /** The code that it shows at the test clock's time, or so many 30-second steps later. */
  readonly code: (stepsLater?: number) => string;
}

/** Begins the enrolment of an authenticator app. */
export async function enrolTotp({ client, clock }: World, token: string): Promise<PendingTotp> {
  const { status, body } = await client.post('/v1/me/factors', { type: 'totp' }, { token });
  if (status !== 201) throw new Error(`enrol answered ${status} ${JSON.stringify(body)}`);
  const totp = OTPAuth.URI.parse(body.otpauthUri as string);
  if (!(totp instanceof OTPAuth.TOTP)) throw new Error('not a TOTP URI');
  return {
    id: body.id as string,
    code: (stepsLater = 0) => totp.generate({ timestamp: clock.now().getTime() + stepsLater * 30_000 }),
  };
}

/** Answers a pending factor's first code. */
export function activate({ client }: World, token: string, factorId: string, code: string): Promise<Answer> {
  return client.post(`/v1/me/factors/${factorId}/activate`, { code }, { token });
}

/** Enrols and activates one more authenticator app. The clock moves one step on. */
export async function addTotp(world: World, token: string): Promise<PendingTotp> {
  const pending = await enrolTotp(world, token);
  const { status, body } = await activate(world, token, pending.id, pending.code());
  if (status !== 200) throw new Error(`activate answered ${status} ${JSON.stringify(body)}`);
  world.clock.advance(30_000);
  return pending;
}

/** Opens a step-up challenge for the session of an access token. */
export async function beginStepUp({ client }: World, token: string): Promise<OpenChallenge> {
  const { status, body } = await client.post('/v1/auth/step-up', {}, { token });
  if (status !== 201) throw new Error(`step-up answered ${status} ${JSON.stringify(body)}`);
  return { id: body.challenge.id as string, tempToken: body.tempToken as string };
}

/** Proves the authenticator app again. The clock moves one step on. @returns a new access token */
export async function stepUp(
  world: World,
  person: PersonWithTotp,
  token = person.accessToken,
): Promise<string> {
  const { status, body } = await answer(world, await beginStepUp(world, token), { code: person.code() });
  if (status !== 200) throw new Error(`step-up's answer was ${status} ${JSON.stringify(body)}`);
  world.clock.advance(30_000);
  return body.accessToken as string;
}

/** Sends an answer to a challenge. */
export function answer({ client }: World, { id, tempToken }: OpenChallenge, body: unknown): Promise<Answer> {
  return client.post(`/v1/challenges/${id}/verify`, body, { token: tempToken });
}

/** A code of six digits that the app shows neither now nor within so many steps around: ten minutes and more. */
export function wrongCode({ code }: Pick<PendingTotp, 'code'>, steps = 30): string {
  const near = new Set(Array.from({ length: 2 * steps + 1 }, (_, step) => code(step - steps)));
  for (let candidate = 0; ; candidate += 1) {
    const wrong = String(candidate).padStart(6, '0');
    if (!near.has(wrong)) return wrong;
  }
}

/** A user's factors as the API lists them. */
export async function factorsOf(
  { client }: World,
  token: string,
): Promise<
  { id: string; type: string; status: string; hint: string; isDefault: boolean; lockedAt: string | null }[]
> {
  const { status, body } = await client.get('/v1/me/factors?limit=100', { token });
  if (status !== 200) throw new Error(`factors answered ${status}`);
  return body.data;
}

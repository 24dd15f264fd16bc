import { expect } from 'vitest';
import { newId, SigningKeys } from '@countersign/core';
import type { TestApp } from './app.js';
import type { Answer } from './client.js';
import { answer } from './factors.js';
import { beginLogin, type Person, type PersonWithTotp } from './people.js';
import { sql } from './sql.js';

/** A year that no test reaches, for rows written past the service. */
const EARLIER = new Date('2026-01-01T00:00:00.000Z');

/** An instance remembers an application's policy for five seconds. */
const POLICY_REMEMBERED_MS = 5_001;

/** The first step of a login, as it was answered. */
export function passwordLogin(
  { client }: Pick<TestApp, 'client'>,
  { email, password }: Pick<Person, 'email' | 'password'>,
  more: Readonly<Record<string, unknown>> = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  return client.post('/v1/auth/login', { email, password, ...more }, { headers });
}

/** Logs in with both factors and has the device trusted. The clock moves one step on. @returns its token */
export async function trustDevice(
  world: TestApp,
  person: PersonWithTotp,
  deviceName?: string,
): Promise<string> {
  const challenge = await beginLogin(world, person);
  const more = deviceName === undefined ? {} : { deviceName };
  const { status, body } = await answer(world, challenge, {
    code: person.code(),
    trustDevice: true,
    ...more,
  });
  if (status !== 200) throw new Error(`verify answered ${status} ${JSON.stringify(body)}`);
  world.clock.advance(30_000);
  return body.deviceToken as string;
}

/** Another application beside the default one. @returns its slug */
export async function makeApplication(world: TestApp, slug: string): Promise<string> {
  await sql(
    world.databaseUrl,
    `INSERT INTO applications (id, slug, name, issuer, created_at, updated_at) VALUES ($1, $2, $2, $2, $3, $3)`,
    [newId(world.clock), slug, EARLIER],
  );
  return slug;
}

/** Changes an application's policy; the clock moves on until every instance has noticed. */
export async function setPolicy(
  world: TestApp,
  policy: Readonly<Record<string, unknown>>,
  slug = 'default',
): Promise<void> {
  await sql(world.databaseUrl, `UPDATE applications SET policy = $1 WHERE slug = $2`, [
    JSON.stringify(policy),
    slug,
  ]);
  world.clock.advance(POLICY_REMEMBERED_MS);
}

/** Suspends a user, or lets them in again. */
export async function setStatus(
  { databaseUrl }: TestApp,
  email: string,
  status: 'active' | 'suspended',
): Promise<void> {
  await sql(databaseUrl, `UPDATE users SET status = $1 WHERE email = $2`, [status, email]);
}

/** The key that the instance signs its tokens with. */
export function signingKeyOf({ app }: TestApp): SigningKeys['current'] {
  return app.get(SigningKeys).current;
}

/** Holds an answer to one problem of the catalogue. */
export function expectProblem({ status, headers, body }: Answer, expected: number, code: string): void {
  expect({ status, code: body?.code }).toEqual({ status: expected, code });
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(body).toMatchObject({
    status: expected,
    type: expect.stringMatching(new RegExp(`/problems/${code}$`)),
  });
  expect(body.requestId).toBe(headers.get('x-request-id'));
}

/** An answer without what differs between any two requests: for answers that must not be told apart. */
export function withoutRequestId({ status, body }: Answer): { status: number; body: unknown } {
  return { status, body: { ...body, requestId: undefined } };
}

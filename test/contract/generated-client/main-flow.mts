// Compiled by test/contract/openapi.test.ts against the types that openapi-typescript makes of the contract, and run
// against a service: node main-flow.mjs BASE-URL SERVICE-TIME.
import createClient from 'openapi-fetch';
import * as OTPAuth from 'otpauth';
import type { components, paths } from './schema.js';

type Problem = components['schemas']['Problem'];

const [, , baseUrl = '', time = ''] = process.argv;
const api = createClient<paths>({ baseUrl });
const email = 'generated-client@example.com';
const password = 'a long enough passphrase 7';

const registered = must(await api.POST('/v1/auth/register', { body: { email, password } }));
if (!('accessToken' in registered)) throw new Error('no address has to be verified here');
const headers = bearer(registered.accessToken);

const enrolled = must(
  await api.POST('/v1/me/factors', { headers, body: { type: 'totp', label: 'My phone' } }),
);
if (enrolled.type !== 'totp') throw new Error(`enrolled a ${enrolled.type}`);
const totp = OTPAuth.URI.parse(enrolled.otpauthUri);

const activated = must(
  await api.POST('/v1/me/factors/{id}/activate', {
    headers,
    params: { path: { id: enrolled.id } },
    body: { code: code(0) },
  }),
);
const backupCodes: string[] = activated.backupCodes ?? [];

const step = must(await api.POST('/v1/auth/login', { body: { email, password } }));
if (step.status !== 'challenge_required') throw new Error('no challenge');
const attempt = {
  headers: bearer(step.tempToken),
  params: { path: { id: step.challenge.id } },
};
const refused = await api.POST('/v1/challenges/{id}/verify', { ...attempt, body: { code: code(0) } });
const problem: Problem | undefined = refused.error;
const verified = must(await api.POST('/v1/challenges/{id}/verify', { ...attempt, body: { code: code(1) } }));

if (!('accessToken' in verified)) throw new Error('a login is answered with tokens');

const session = bearer(verified.accessToken);
const me = must(await api.GET('/v1/me', { headers: session }));
const factors = must(await api.GET('/v1/me/factors', { headers: session, params: { query: { limit: 5 } } }));
const { response } = await api.POST('/v1/auth/logout', { headers: session });
const after = await api.GET('/v1/me', { headers: session });

process.stdout.write(
  JSON.stringify({
    backupCodes: backupCodes.length,
    refused: [problem?.code, problem?.attemptsLeft],
    me: [me.email, me.twoFactorEnabled],
    factors: factors.data.map(({ type, label, status }) => [type, label, status]),
    logout: response.status,
    after: after.error?.code,
  }),
);

function must<T>({ data, error }: { data?: T; error?: Problem }): T {
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}

function code(step: number): string {
  if (!(totp instanceof OTPAuth.TOTP)) throw new Error('not a TOTP URI');
  return totp.generate({ timestamp: Date.parse(time) + step * 30_000 });
}

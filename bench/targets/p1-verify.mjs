import { inTurn, ofFloor, rate, withFloors } from '../lib/compared.mjs';
import { measured } from '../lib/load.mjs';
import { seedUsers, totp } from '../lib/seed.mjs';

/** So many that nobody is asked twice within a step of thirty seconds. */
const USERS = 120_000;
const CONNECTIONS = 16;

/** Whoever asks begins where the one before has ended: a code is spent whatever target it was for. */
let next = 0;

/** Verifications by TOTP, each of another user. @param {string} key an API key */
export function verifications(key) {
  return [
    {
      method: 'POST',
      headers: { 'x-api-key': key },
      setupRequest: (request) => {
        const user = `u${next % USERS}`;
        next += 1;
        return { ...request, path: `/v1/users/${user}/verify`, body: JSON.stringify({ code: totp() }) };
      },
    },
  ];
}

function floorVerifications() {
  let next = 0;
  return [
    {
      method: 'POST',
      setupRequest: (request) => {
        const user = `u${next % USERS}`;
        next += 1;
        return { ...request, path: `/verify/${user}`, body: JSON.stringify({ code: totp() }) };
      },
    },
  ];
}

export const p1 = {
  id: 'P1',
  title: 'POST /v1/users/{user}/verify, TOTP, distinct users',
  run: ({ world, runs, seconds, tell }) =>
    withFloors(world, ['verify'], async (service, floor) => {
      await seedOnce(world, tell);
      const requests = verifications(await world.apiKey(service));
      const floorRequests = floorVerifications();
      const results = await inTurn(
        runs,
        {
          'P1 floor': () => measured(floor, { connections: CONNECTIONS, seconds, requests: floorRequests }),
          P1: () => measured(service, { connections: CONNECTIONS, seconds, requests }),
        },
        tell,
      );
      return [
        rate('P1', 'floor verify', results['P1 floor']),
        rate('P1', 'verifications', results.P1),
        ofFloor('P1', 'of the floor', results.P1, results['P1 floor'], 0.75),
      ];
    }),
};

/** The users of P1, P3b and P10, where nobody has seeded them yet. */
export async function seedOnce(world, tell) {
  const [{ found }] = await world.sql(
    `SELECT count(*)::integer AS found FROM users WHERE external_id = 'u0'`,
  );
  if (found > 0) return;
  tell(`${USERS} users with an authenticator app`);
  await seedUsers(world, { prefix: 'u', count: USERS });
}

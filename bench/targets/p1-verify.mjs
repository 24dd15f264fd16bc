import { costs, figure, inTurn, ratios, series, target } from '../lib/compared.mjs';
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
  async run({ world, runs, seconds, tell }) {
    const service = await world.service();
    const floor = await world.floor('verify');
    try {
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
      const rate = series(results.P1, 'perSecond');
      const floorRate = series(results['P1 floor'], 'perSecond');
      return [
        figure('P1', 'floor verify', floorRate, '/s', costs(results['P1 floor'])),
        figure('P1', 'verifications', rate, '/s', costs(results.P1)),
        target('P1', 'of the floor', ratios(rate, floorRate), '', { atLeast: 0.75 }),
      ];
    } finally {
      await Promise.all([service.stop(), floor.stop()]);
    }
  },
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

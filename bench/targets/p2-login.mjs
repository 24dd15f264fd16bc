import { inTurn, ofFloor, rate, withFloors } from '../lib/compared.mjs';
import { measured } from '../lib/load.mjs';
import { PASSWORD, seedUsers, totp, unique } from '../lib/seed.mjs';

const CONNECTIONS = 16;
const ACCOUNTS = 500;
/** So many that nobody logs in twice within a step of thirty seconds. */
const WITH_FACTOR = 12_000;

/** Logins by password alone. @param {string} prefix of the accounts */
export function passwordLogins(prefix, count = ACCOUNTS) {
  let next = 0;
  return [
    {
      method: 'POST',
      path: '/v1/auth/login',
      setupRequest: (request) => {
        const email = `${prefix}${next % count}@bench.example.com`;
        next += 1;
        return { ...request, body: JSON.stringify({ email, password: PASSWORD }) };
      },
    },
  ];
}

function registrations() {
  const run = unique();
  let next = 0;
  return [
    {
      method: 'POST',
      path: '/v1/auth/register',
      setupRequest: (request) => {
        next += 1;
        return {
          ...request,
          body: JSON.stringify({ email: `${run}${next}@bench.example.com`, password: PASSWORD }),
        };
      },
    },
  ];
}

/** Both steps of a login: the second request answers the challenge of the first. */
function loginsWithFactor(prefix) {
  const [first] = passwordLogins(prefix, WITH_FACTOR);
  return [
    {
      ...first,
      onResponse: (status, body, context) => {
        const { challenge, tempToken } = JSON.parse(body);
        Object.assign(context, { id: challenge.id, tempToken });
      },
    },
    {
      method: 'POST',
      setupRequest: (request, { id, tempToken }) => ({
        ...request,
        path: `/v1/challenges/${id}/verify`,
        headers: { ...request.headers, authorization: `Bearer ${tempToken}` },
        body: JSON.stringify({ code: totp() }),
      }),
    },
  ];
}

/** Makes the accounts that log in by password alone. @returns their prefix */
export async function seedAccounts(world) {
  const prefix = `a${unique()}`;
  await seedUsers(world, { prefix, count: ACCOUNTS, accounts: true, factors: false });
  return prefix;
}

export const p2 = {
  id: 'P2',
  title: 'POST /v1/auth/login and register, password only',
  run: ({ world, runs, seconds, tell }) =>
    withFloors(world, ['argon2'], async (service, floor) => {
      const logins = passwordLogins(await seedAccounts(world));
      const results = await inTurn(
        runs,
        {
          'P2 floor': () => argon2(floor, seconds),
          P2: () => measured(service, { connections: CONNECTIONS, seconds, requests: logins }),
          'P2 registration': () =>
            measured(service, { connections: CONNECTIONS, seconds, requests: registrations() }),
        },
        tell,
      );
      const floorResults = results['P2 floor'];
      const registered = results['P2 registration'];
      return [
        rate('P2', 'floor argon2', floorResults),
        rate('P2', 'logins', results.P2),
        ofFloor('P2', 'logins of the floor', results.P2, floorResults, 0.92),
        rate('P2', 'registrations', registered),
        ofFloor('P2', 'registrations of the floor', registered, floorResults, 0.85),
      ];
    }),
};

export const p3 = {
  id: 'P3',
  title: 'login with password and TOTP, both steps',
  run: ({ world, runs, seconds, tell }) =>
    withFloors(world, ['argon2'], async (service, floor) => {
      const prefix = `t${unique()}`;
      tell(`${WITH_FACTOR} accounts with an authenticator app`);
      await seedUsers(world, { prefix, count: WITH_FACTOR, accounts: true });
      const requests = loginsWithFactor(prefix);
      const results = await inTurn(
        runs,
        {
          'P3 floor': () => argon2(floor, seconds),
          P3: () => measured(service, { connections: CONNECTIONS, seconds, requests }),
        },
        tell,
      );
      return [
        rate('P3', 'floor argon2', results['P3 floor']),
        rate('P3', 'logins with TOTP', results.P3),
        ofFloor('P3', 'of the floor', results.P3, results['P3 floor'], 0.85),
      ];
    }),
};

async function argon2(floor, seconds) {
  const answer = await fetch(`${floor.url}/run?seconds=${seconds}`);
  return answer.json();
}

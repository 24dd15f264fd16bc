import { inTurn, ofFloor, rate, withFloors } from '../lib/compared.mjs';
import { measured } from '../lib/load.mjs';
import { PASSWORD } from '../lib/seed.mjs';
import { called } from '../lib/surroundings.mjs';
import { seedAccounts } from './p2-login.mjs';

const CONNECTIONS = 16;
const SESSIONS = 100;

export const p5 = {
  id: 'P5',
  title: 'GET /v1/me with an access token',
  run: ({ world, runs, seconds, tell }) =>
    withFloors(world, ['session'], async (service, floor) => {
      const prefix = await seedAccounts(world);
      const tokens = await Promise.all(
        Array.from({ length: SESSIONS }, async (_, at) => {
          const login = { email: `${prefix}${at}@bench.example.com`, password: PASSWORD };
          return (await called(service, '/v1/auth/login', login)).accessToken;
        }),
      );
      const reading = (path) => {
        let next = 0;
        return [
          {
            method: 'GET',
            path,
            setupRequest: (request) => {
              next += 1;
              const authorization = `Bearer ${tokens[next % tokens.length]}`;
              return { ...request, headers: { ...request.headers, authorization } };
            },
          },
        ];
      };
      const results = await inTurn(
        runs,
        {
          'P5 floor': () => measured(floor, { connections: CONNECTIONS, seconds, requests: reading('/me') }),
          P5: () => measured(service, { connections: CONNECTIONS, seconds, requests: reading('/v1/me') }),
        },
        tell,
      );
      return [
        rate('P5', 'floor session', results['P5 floor']),
        rate('P5', 'own accounts read', results.P5),
        ofFloor('P5', 'of the floor', results.P5, results['P5 floor'], 0.6),
      ];
    }),
};

import { costs, figure, inTurn, ratios, series, target } from '../lib/compared.mjs';
import { measured } from '../lib/load.mjs';
import { PASSWORD } from '../lib/seed.mjs';
import { called } from '../lib/surroundings.mjs';
import { seedAccounts } from './p2-login.mjs';

const CONNECTIONS = 16;
const SESSIONS = 100;

export const p5 = {
  id: 'P5',
  title: 'GET /v1/me with an access token',
  async run({ world, runs, seconds, tell }) {
    const service = await world.service();
    const floor = await world.floor('session');
    try {
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
      const rate = series(results.P5, 'perSecond');
      const floorRate = series(results['P5 floor'], 'perSecond');
      return [
        figure('P5', 'floor session', floorRate, '/s', costs(results['P5 floor'])),
        figure('P5', 'own accounts read', rate, '/s', costs(results.P5)),
        target('P5', 'of the floor', ratios(rate, floorRate), '', { atLeast: 0.6 }),
      ];
    } finally {
      await Promise.all([service.stop(), floor.stop()]);
    }
  },
};

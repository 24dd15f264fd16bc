import { inTurn, ofFloor, rate, withFloors } from '../lib/compared.mjs';
import { measured } from '../lib/load.mjs';

const CONNECTIONS = 16;

/** The cheapest route of an API key. */
export function keyChecks(key) {
  return [{ method: 'GET', path: '/v1/factor-types', headers: { 'x-api-key': key } }];
}

export const p4 = {
  id: 'P4',
  title: 'GET /v1/factor-types with an API key',
  run: ({ world, runs, seconds, tell }) =>
    withFloors(world, ['key-check', 'echo'], async (service, floor, echo) => {
      const requests = keyChecks(await world.apiKey(service));
      const floorRequests = [{ method: 'GET', path: '/', headers: { 'x-api-key': 'cs_bench' } }];
      const echoed = [{ method: 'POST', path: '/', body: JSON.stringify({ code: '123456' }) }];
      const results = await inTurn(
        runs,
        {
          echo: () => measured(echo, { connections: CONNECTIONS, seconds, requests: echoed }),
          'P4 floor': () => measured(floor, { connections: CONNECTIONS, seconds, requests: floorRequests }),
          P4: () => measured(service, { connections: CONNECTIONS, seconds, requests }),
        },
        tell,
      );
      return [
        rate('P4', 'floor echo', results.echo),
        rate('P4', 'floor key-check', results['P4 floor']),
        rate('P4', 'key checks', results.P4),
        ofFloor('P4', 'of the floor', results.P4, results['P4 floor'], 0.6),
      ];
    }),
};

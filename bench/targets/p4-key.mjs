import { costs, figure, inTurn, ratios, series, target } from '../lib/compared.mjs';
import { measured } from '../lib/load.mjs';

const CONNECTIONS = 16;

/** The cheapest route of an API key. */
export function keyChecks(key) {
  return [{ method: 'GET', path: '/v1/factor-types', headers: { 'x-api-key': key } }];
}

export const p4 = {
  id: 'P4',
  title: 'GET /v1/factor-types with an API key',
  async run({ world, runs, seconds, tell }) {
    const service = await world.service();
    const floor = await world.floor('key-check');
    const echo = await world.floor('echo');
    try {
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
      const rate = series(results.P4, 'perSecond');
      const floorRate = series(results['P4 floor'], 'perSecond');
      return [
        figure('P4', 'floor echo', series(results.echo, 'perSecond'), '/s', costs(results.echo)),
        figure('P4', 'floor key-check', floorRate, '/s', costs(results['P4 floor'])),
        figure('P4', 'key checks', rate, '/s', costs(results.P4)),
        target('P4', 'of the floor', ratios(rate, floorRate), '', { atLeast: 0.6 }),
      ];
    } finally {
      await Promise.all([service.stop(), floor.stop(), echo.stop()]);
    }
  },
};

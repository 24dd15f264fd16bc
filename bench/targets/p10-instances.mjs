import { figure, inTurn, ratios, series, target } from '../lib/compared.mjs';
import { measured, sent } from '../lib/load.mjs';
import { seedOnce, verifications } from './p1-verify.mjs';
import { keyChecks } from './p4-key.mjs';

/** Of each instance: what two cost beside each other is asked, not what one saves that has half as much to do. */
const CONNECTIONS = 16;
const LIMIT = 1_000;

export const p10 = {
  id: 'P10',
  title: 'two instances on one database and Redis',
  async run({ world, runs, seconds, tell }) {
    const [one, other] = [await world.service(), await world.service()];
    try {
      await seedOnce(world, tell);
      const requests = verifications(await world.apiKey(one));
      const results = await inTurn(
        runs,
        {
          'P10 one instance': () => measured(one, { connections: CONNECTIONS, seconds, requests }),
          'P10 two instances': async () => {
            const both = await Promise.all(
              [one, other].map((service) =>
                measured(service, { connections: CONNECTIONS, seconds, requests }),
              ),
            );
            const perSecond = both.reduce((sum, { perSecond: rate }) => sum + rate, 0);
            const cpu = both.reduce((sum, { perSecond: rate, cpuMicros }) => sum + rate * cpuMicros, 0);
            return { perSecond, cpuMicros: cpu / perSecond };
          },
        },
        tell,
      );
      const [alone, together] = Object.values(results);
      const perCpuSecond = (measuredRuns) => series(measuredRuns, 'cpuMicros').map((micros) => 1e6 / micros);
      const exceeded = await passed(world, one, other);
      return [
        figure('P10', 'verifications by one', series(alone, 'perSecond'), '/s'),
        figure('P10', 'verifications by two', series(together, 'perSecond'), '/s'),
        target('P10', 'per CPU second, of one', ratios(perCpuSecond(together), perCpuSecond(alone)), '', {
          atLeast: 0.95,
        }),
        target('P10', `let through of a limit of ${LIMIT}`, [exceeded], '', {
          atLeast: LIMIT,
          atMost: LIMIT,
        }),
      ];
    } finally {
      await Promise.all([one.stop(), other.stop()]);
    }
  },
};

/** How many of too many requests two instances let through at once. */
async function passed(world, one, other) {
  const key = await world.apiKey(one, { limit: LIMIT, windowSeconds: 3_600 });
  const load = { connections: 8, amount: LIMIT, requests: keyChecks(key) };
  const counts = await Promise.all([sent(one, load), sent(other, load)]);
  return counts.reduce((sum, count) => sum + (count[200] ?? 0), 0);
}

import { figure, inTurn, ratios, series, target } from '../lib/compared.mjs';
import { measured } from '../lib/load.mjs';
import { seedEvents, seedUsers, stepBegun, totp } from '../lib/seed.mjs';
import { World } from '../lib/surroundings.mjs';

const FEW = 10_000;
const EVENTS_EACH = 20;
const CONNECTIONS = 8;
const WARM_UP = 2;
/** The few can answer twice in all that, but not three times: their next turn is two steps later, and needs the third code. */
const SECONDS = 4;
/** A user's code is good for the step before, this one and the next: three in one step of thirty seconds. */
const STEPS = [-1, 0, 1];
const TABLES = ['users', 'factors', 'applications', 'events', 'sessions', 'spent_challenges'];

export const p6 = {
  id: 'P6',
  title: 'P1 with many users and events against P1 with few',
  /** @param {{ people: number }} options how many the many are; each has twenty events */
  async run({ surroundings, runs, people, tell }) {
    const [few, many] = [await World.make(surroundings), await World.make(surroundings)];
    tell(`${FEW} users with ${EVENTS_EACH} events each`);
    await seedUsers(few, { prefix: 'u', count: FEW });
    await seedEvents(few.databaseUrl, { each: EVENTS_EACH, tell: () => undefined });
    tell(`${people} users`);
    await seedUsers(many, { prefix: 'u', count: people });
    await seedEvents(many.databaseUrl, { each: EVENTS_EACH, tell });
    const services = { few: await few.service(), many: await many.service() };
    try {
      const load = {
        few: spread(await few.apiKey(services.few), FEW),
        many: spread(await many.apiKey(services.many), people),
      };
      const before = await sequentialScans(many);
      const measure = (which) => async () => {
        await stepBegun();
        return measured(services[which], {
          connections: CONNECTIONS,
          seconds: SECONDS,
          warmUp: WARM_UP,
          requests: load[which](),
        });
      };
      const results = await inTurn(
        runs,
        { [`P6 with ${FEW}`]: measure('few'), [`P6 with ${people}`]: measure('many') },
        tell,
      );
      const [little, much] = Object.values(results);
      const scanned = newScans(before, await sequentialScans(many));
      const events = (people * EVENTS_EACH).toLocaleString('en');
      const note = `${people.toLocaleString('en')} users, ${events} events`;
      return [
        figure('P6', `p50 with ${FEW.toLocaleString('en')} users`, series(little, 'p50'), 'ms'),
        figure('P6', 'p50 with many', series(much, 'p50'), 'ms', note),
        target('P6', 'p50 of few', ratios(series(much, 'p50'), series(little, 'p50')), '', { atMost: 1.1 }),
        target('P6', 'CPU of few', ratios(series(much, 'cpuMicros'), series(little, 'cpuMicros')), '', {
          atMost: 1.1,
        }),
        target('P6', 'big tables read whole', [scanned.length], '', { atMost: 0 }, scanned.join(', ')),
      ];
    } finally {
      await Promise.all(Object.values(services).map((service) => service.stop()));
    }
  },
};

/** Verifications of users in an order that jumps about, three times each at most. */
function spread(key, users) {
  const stride = 7_919;
  return () => {
    let next = 0;
    return [
      {
        method: 'POST',
        headers: { 'x-api-key': key },
        setupRequest: (request) => {
          const user = (next * stride) % users;
          const step = STEPS[Math.floor(next / users)] ?? 1;
          next += 1;
          return {
            ...request,
            path: `/v1/users/u${user}/verify`,
            body: JSON.stringify({ code: totp(step) }),
          };
        },
      },
    ];
  };
}

/** How often each table that grows was read whole. */
async function sequentialScans(world) {
  const rows = await world.sql(
    `SELECT relname AS name, seq_scan::integer AS scans FROM pg_stat_user_tables
      WHERE (relname = ANY ($1) OR relname LIKE 'events\\_%') AND n_live_tup > 1000`,
    [TABLES],
  );
  return new Map(rows.map(({ name, scans }) => [name, scans]));
}

function newScans(before, after) {
  return [...after].filter(([name, scans]) => scans > (before.get(name) ?? 0)).map(([name]) => name);
}

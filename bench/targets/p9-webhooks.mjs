import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inTurn, ratios, series, target } from '../lib/compared.mjs';
import { freePort } from '../lib/program.mjs';
import { medianOf } from '../lib/rounds.mjs';
import { called, World } from '../lib/surroundings.mjs';

const EVENTS = 10_000;
const SINGLE = 50;

export const p9 = {
  id: 'P9',
  title: 'webhooks of one worker to a local receiver',
  async run({ surroundings, runs, tell }) {
    const results = await inTurn(
      runs,
      {
        'P9 a receiver': () => delivered(surroundings, 'nobody'),
        'P9 a receiver and another': () => delivered(surroundings, 'living'),
        'P9 a receiver and a dead one': () => delivered(surroundings, 'dead'),
      },
      tell,
    );
    const alone = results['P9 a receiver'];
    const rate = series(alone, 'perSecond');
    const besideLiving = series(results['P9 a receiver and another'], 'perSecond');
    const besideDead = series(results['P9 a receiver and a dead one'], 'perSecond');
    return [
      target('P9', 'deliveries', rate, '/s', { atLeast: 1_000 }),
      target('P9', 'p50 from commit to receipt, idle', series(alone, 'p50'), 'ms', { atMost: 50 }),
      target('P9', 'beside a dead receiver, of beside a living', ratios(besideDead, besideLiving), '', {
        atLeast: 0.8,
      }),
    ];
  },
};

/**
 * Delivers to a receiver in a process of its own, on a database of its own.
 *
 * @param {'nobody' | 'living' | 'dead'} beside who else gets each event
 */
async function delivered(surroundings, beside) {
  const world = await World.make(surroundings);
  // Deliveries to this machine are for other surroundings than production.
  const service = await world.service({ NODE_ENV: 'test', WEBHOOK_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8' });
  const [receiver, port] = await startReceiver();
  const [other, otherPort] = beside === 'living' ? await startReceiver() : [undefined, await freePort()];
  try {
    const token = await world.administrator(service);
    await called(service, '/v1/webhooks', { url: `http://127.0.0.1:${port}/`, events: ['*'] }, token);
    if (beside !== 'nobody') {
      await called(service, '/v1/webhooks', { url: `http://127.0.0.1:${otherPort}/`, events: ['*'] }, token);
    }
    await pause(2_000);
    const waits = [];
    for (let turn = 0; turn < SINGLE; turn += 1) {
      receiver.send('await');
      await append(world, 1);
      const committed = performance.now();
      await once(receiver, 'message');
      waits.push(performance.now() - committed);
      await pause(50 + (turn % 10) * 7);
    }
    const before = await received(receiver);
    const begun = performance.now();
    for (let written = 0; written < EVENTS; written += 1_000) await append(world, 1_000);
    while ((await received(receiver)) - before < EVENTS) await pause(20);
    return { perSecond: EVENTS / ((performance.now() - begun) / 1_000), p50: medianOf(waits) };
  } finally {
    await service.stop();
    receiver.kill();
    other?.kill();
  }
}

async function startReceiver() {
  const receiver = fork(join(import.meta.dirname, '../lib/receiver.mjs'));
  const [{ port }] = await once(receiver, 'message');
  return [receiver, port];
}

function append(world, count) {
  return world.sql(
    `INSERT INTO events (id, at, application_id, type, actor_type, data)
     SELECT gen_random_uuid(), date_trunc('milliseconds', now()), id, 'application.updated', 'system', '{}'
       FROM applications, generate_series(1, $1)
      WHERE slug = 'default'`,
    [count],
  );
}

async function received(receiver) {
  receiver.send('count');
  const [{ count }] = await once(receiver, 'message');
  return count;
}

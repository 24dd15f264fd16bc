import { randomBytes } from 'node:crypto';
import { startTestApp, type TestApp } from './app.js';
import type { Client } from './client.js';

/** Whether this run has a Redis; a suite that needs several instances cannot do without. */
export const HAS_REDIS = process.env['TEST_REDIS_URL'] !== undefined;

/** Two instances of the service on one database, one Redis, one master key and one clock. */
export interface Pair {
  /** The first instance. */
  readonly world: TestApp;
  /** The one instance or the other, in turns. */
  client(turn: number): Client;
  stop(): Promise<void>;
}

/** Starts both. Stop them in `afterAll`. */
export async function startPair(env: Readonly<Record<string, string>> = {}): Promise<Pair> {
  const masterKey = randomBytes(32).toString('base64');
  const world = await startTestApp({ masterKey, env });
  const { databaseUrl, clock } = world;
  const other = await startTestApp({ masterKey, env, databaseUrl, clock });
  return {
    world,
    client: (turn) => (turn % 2 === 0 ? world : other).client,
    stop: async () => {
      await Promise.all([world.stop(), other.stop()]);
    },
  };
}

/** Runs `work` so many times at once. */
export function atOnce<T>(times: number, work: (turn: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, (_, turn) => work(turn)));
}

/** How often each status came: `{ 200: 1, 422: 4 }`. */
export function tally(answers: readonly { readonly status: number }[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

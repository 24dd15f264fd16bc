import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashingBusy, HashingPool } from './hashing-pool.js';

/** A job that ends when the test says so. */
function heldJob(started: string[], name: string) {
  let end = (): void => undefined;
  let fail = (): void => undefined;
  const promise = new Promise<string>((resolve, reject) => {
    end = () => resolve(name);
    fail = () => reject(new Error(name));
  });
  const run = () => {
    started.push(name);
    return promise;
  };
  return { run, end, fail };
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('the hashing pool', () => {
  it('never runs more jobs at once than it may, and runs every one that it took', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.nat(5), { maxLength: 30 }),
        async (concurrency, turns) => {
          const pool = new HashingPool(concurrency, turns.length);
          let running = 0;
          let most = 0;
          const results = await Promise.all(
            turns.map((ticks, index) =>
              pool.run(async () => {
                running += 1;
                most = Math.max(most, running);
                for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
                running -= 1;
                return index;
              }),
            ),
          );
          expect(results).toEqual(turns.map((_, index) => index));
          expect(most).toBeLessThanOrEqual(concurrency);
        },
      ),
    );
  });

  it('runs as many at once as it may', () => {
    const started: string[] = [];
    const pool = new HashingPool(2, 5);
    for (const name of ['a', 'b', 'c']) void pool.run(heldJob(started, name).run);

    expect(started).toEqual(['a', 'b']);
  });

  it('starts those that wait in the order they came, and lets no newcomer pass', async () => {
    const started: string[] = [];
    const pool = new HashingPool(1, 10);
    const jobs = ['a', 'b', 'c', 'd'].map((name) => heldJob(started, name));
    const runs = jobs.slice(0, 3).map((job) => pool.run(job.run));

    expect(started).toEqual(['a']);
    jobs[0]?.end();
    // It comes at the very moment at which a place is handed on.
    await runs[0];
    runs.push(...jobs.slice(3).map((job) => pool.run(job.run)));
    for (const job of jobs) {
      job.end();
      await settle();
    }

    expect(await Promise.all(runs)).toEqual(['a', 'b', 'c', 'd']);
    expect(started).toEqual(['a', 'b', 'c', 'd']);
  });

  it('refuses at once what the queue cannot hold, without running it, and takes more when there is room', async () => {
    const started: string[] = [];
    const pool = new HashingPool(1, 1);
    const first = heldJob(started, 'a');
    const second = heldJob(started, 'b');
    const third = heldJob(started, 'c');
    const runs = [pool.run(first.run), pool.run(second.run)];

    await expect(pool.run(third.run)).rejects.toBeInstanceOf(HashingBusy);
    first.end();
    await runs[0];
    runs.push(pool.run(third.run));
    second.end();
    third.end();

    expect(await Promise.all(runs)).toEqual(['a', 'b', 'c']);
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('gives the place on when a job fails', async () => {
    const started: string[] = [];
    const pool = new HashingPool(1, 1);
    const failing = heldJob(started, 'a');
    const run = pool.run(failing.run);
    const next = pool.run(() => Promise.resolve('b'));
    failing.fail();

    await expect(run).rejects.toThrow('a');
    expect(await next).toBe('b');
    expect(await pool.run(() => Promise.resolve('c'))).toBe('c');
  });

  it('gives the place on when a job throws before it returns a promise', async () => {
    const pool = new HashingPool(1, 0);
    const throwing = pool.run(() => {
      throw new Error('at once');
    });

    await expect(throwing).rejects.toThrow('at once');
    expect(await pool.run(() => Promise.resolve('b'))).toBe('b');
  });

  it('is not made for no job at a time or a negative queue', () => {
    expect(() => new HashingPool(0, 1)).toThrow(RangeError);
    expect(() => new HashingPool(1, -1)).toThrow(RangeError);
    expect(() => new HashingPool(NaN, 1)).toThrow(RangeError);
  });
});

import { describe, expect, it } from 'vitest';
import { TestClock } from '../clock/test-clock.js';
import { ShortMemory } from './short-memory.js';

const SECONDS_5 = 5_000;

function memory(most = 100): {
  clock: TestClock;
  memory: ShortMemory<string>;
  asked: string[];
  ask: (name: string, value?: string) => Promise<string | undefined>;
} {
  const clock = new TestClock(new Date('2026-11-27T00:00:00.000Z'));
  const remembers = new ShortMemory<string>(clock, SECONDS_5, most);
  const asked: string[] = [];
  return {
    clock,
    memory: remembers,
    asked,
    ask: (name, value) =>
      remembers.recall(name, async () => {
        asked.push(name);
        return value;
      }),
  };
}

describe('what was looked up', () => {
  it('is remembered for its time, present or absent, and no longer', async () => {
    const { clock, asked, ask } = memory();
    expect([await ask('there', 'a'), await ask('there', 'b')]).toEqual(['a', 'a']);
    expect([await ask('nowhere'), await ask('nowhere', 'c')]).toEqual([undefined, undefined]);
    clock.advance(SECONDS_5);
    expect([await ask('there', 'b'), await ask('nowhere', 'c')]).toEqual(['b', 'c']);
    expect(asked).toEqual(['there', 'nowhere', 'there', 'nowhere']);
  });

  it('is looked up once for many who ask at the same moment', async () => {
    const { asked, ask } = memory();
    expect(await Promise.all([ask('one', 'a'), ask('one', 'b'), ask('one', 'c')])).toEqual(['a', 'a', 'a']);
    expect(asked).toEqual(['one']);
  });

  it('is not remembered when it was forgotten while the answer was under way', async () => {
    const { memory: remembers, ask } = memory();
    let answer: (value: string) => void = () => undefined;
    const first = remembers.recall('one', () => new Promise((resolve) => (answer = resolve)));
    remembers.forget('one');
    const second = ask('one', 'new');
    answer('old');
    expect([await first, await second]).toEqual(['old', 'new']);
    expect(await ask('one', 'newer')).toBe('new');
  });

  it('does not live longer when the clock steps back', async () => {
    const { clock, ask } = memory();
    await ask('one', 'a');
    clock.advance(-60_000);
    expect(await ask('one', 'b')).toBe('b');
  });

  it('is not pushed out by names that do not exist', async () => {
    const { asked, ask } = memory(3);
    await ask('there', 'a');
    for (const name of ['x1', 'x2', 'x3', 'x4', 'x5']) await ask(name);
    await ask('there', 'b');
    expect(asked.filter((name) => name === 'there')).toHaveLength(1);
  });

  it('is asked for again after a failure', async () => {
    const { memory: remembers, ask } = memory();
    await expect(remembers.recall('one', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await ask('one', 'a')).toBe('a');
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Coalescer } from './coalescer.js';

/** Something that is asked, and answers when it is told to. */
class Asked {
  readonly batches: string[][] = [];
  readonly #release: (() => void)[] = [];

  readonly ask = async (questions: readonly string[]): Promise<string[]> => {
    this.batches.push([...questions]);
    await new Promise<void>((resolve) => this.#release.push(resolve));
    return questions.map((question) => `${question}!`);
  };

  /** Lets the oldest batch be answered that has not been. */
  async answer(): Promise<void> {
    this.#release.shift()?.();
    await turn();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

describe('what many ask at once', () => {
  it('goes together, each with its own answer', async () => {
    const asked = new Asked();
    const coalescer = new Coalescer(asked.ask, { most: 10 });
    const answers = Promise.all(['a', 'b', 'c'].map((question) => coalescer.run(question)));
    await turn();
    await asked.answer();
    expect(await answers).toEqual(['a!', 'b!', 'c!']);
    expect(asked.batches).toEqual([['a', 'b', 'c']]);
  });

  it('waits while another is under way, and goes together then, at most so many', async () => {
    const asked = new Asked();
    const coalescer = new Coalescer(asked.ask, { most: 2 });
    const first = coalescer.run('a');
    await turn();
    const later = Promise.all(['b', 'c', 'd'].map((question) => coalescer.run(question)));
    await turn();
    expect(asked.batches).toEqual([['a']]);
    await asked.answer();
    await asked.answer();
    await asked.answer();
    expect([await first, ...(await later)]).toEqual(['a!', 'b!', 'c!', 'd!']);
    expect(asked.batches).toEqual([['a'], ['b', 'c'], ['d']]);
  });

  it('is asked while another hangs, after a while', async () => {
    const asked = new Asked();
    const coalescer = new Coalescer(asked.ask, { most: 10 });
    void coalescer.run('hangs');
    await turn();
    void coalescer.run('b');
    await vi.advanceTimersByTimeAsync(40);
    expect(asked.batches).toEqual([['hangs']]);
    await vi.advanceTimersByTimeAsync(20);
    await turn();
    expect(asked.batches).toEqual([['hangs'], ['b']]);
  });

  it('waits a moment for more where others came together just before', async () => {
    const asked = new Asked();
    const coalescer = new Coalescer(asked.ask, { most: 10, gatherMs: 1 });
    void coalescer.run('a');
    void coalescer.run('b');
    await turn();
    await asked.answer();
    void coalescer.run('c');
    await turn();
    expect(asked.batches).toEqual([['a', 'b']]);
    void coalescer.run('d');
    await vi.advanceTimersByTimeAsync(1);
    expect(asked.batches).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('goes apart where it has the same key', async () => {
    const asked = new Asked();
    const coalescer = new Coalescer(asked.ask, { most: 10, keyOf: (question) => question });
    const answers = Promise.all(['a', 'b', 'a'].map((question) => coalescer.run(question)));
    await turn();
    await asked.answer();
    await asked.answer();
    expect(await answers).toEqual(['a!', 'b!', 'a!']);
    expect(asked.batches).toEqual([['a', 'b'], ['a']]);
  });
});

describe('a batch that fails', () => {
  const failing = (error: unknown): { coalescer: Coalescer<string, string>; batches: string[][] } => {
    const batches: string[][] = [];
    const ask = async (questions: readonly string[]): Promise<string[]> => {
      batches.push([...questions]);
      if (questions.includes('bad')) throw error;
      return questions.map((question) => `${question}!`);
    };
    return { coalescer: new Coalescer(ask, { most: 10 }), batches };
  };
  const settled = (coalescer: Coalescer<string, string>): Promise<string[]> =>
    Promise.all(
      ['a', 'bad', 'b'].map((question) => coalescer.run(question).catch((error: unknown) => String(error))),
    );

  it('because of one question fails for that one alone', async () => {
    const { coalescer } = failing(Object.assign(new Error('no text'), { code: '22P05' }));
    expect(await settled(coalescer)).toEqual(['a!', 'Error: no text', 'b!']);
  });

  it('because PostgreSQL went away is asked no second time: nobody knows what was written', async () => {
    const { coalescer, batches } = failing(Object.assign(new Error('gone'), { code: '57P01' }));
    expect(await settled(coalescer)).toEqual(Array(3).fill('Error: gone'));
    expect(batches).toHaveLength(1);
  });

  it('because PostgreSQL went away takes along who has waited for its end: nobody waits twice', async () => {
    const gone = Object.assign(new Error('gone'), { code: '57P01' });
    let fail: (() => void) | undefined;
    const ask = (): Promise<string[]> => new Promise((_, reject) => (fail = () => reject(gone)));
    const coalescer = new Coalescer<string, string>(ask, { most: 1 });
    const failures: string[] = [];
    const run = (question: string): void => void coalescer.run(question).catch(() => failures.push(question));
    ['a', 'b', 'c', 'd', 'e'].forEach(run);
    // Four hang by now, one of them for whoever has waited longest.
    for (let passed = 0; passed < 4; passed += 1) {
      await vi.advanceTimersByTimeAsync(60);
      await turn();
    }
    run('newcomer');
    fail?.();
    await turn();
    expect(failures).toEqual(['d', 'e']);
  });

  it('lets the next be asked', async () => {
    const { coalescer } = failing(Object.assign(new Error('gone'), { code: '57P01' }));
    await settled(coalescer);
    expect(await coalescer.run('a')).toBe('a!');
  });
});

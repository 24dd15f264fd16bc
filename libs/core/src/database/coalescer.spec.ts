import { describe, expect, it } from 'vitest';
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

describe('what many ask at once', () => {
  it('goes together, each with its own answer', async () => {
    const asked = new Asked();
    const coalescer = new Coalescer(asked.ask, { lanes: 1, most: 10 });
    const answers = Promise.all(['a', 'b', 'c'].map((question) => coalescer.run(question)));
    await turn();
    await asked.answer();
    expect(await answers).toEqual(['a!', 'b!', 'c!']);
    expect(asked.batches).toEqual([['a', 'b', 'c']]);
  });

  it('waits while every lane is busy, and goes together then, at most so many', async () => {
    const asked = new Asked();
    const coalescer = new Coalescer(asked.ask, { lanes: 1, most: 2 });
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

  it('is asked by a free lane while another hangs', async () => {
    const asked = new Asked();
    const coalescer = new Coalescer(asked.ask, { lanes: 2, most: 10 });
    void coalescer.run('hangs');
    await turn();
    void coalescer.run('b');
    await turn();
    expect(asked.batches).toEqual([['hangs'], ['b']]);
  });

  it('goes apart where it has the same key', async () => {
    const asked = new Asked();
    const coalescer = new Coalescer(asked.ask, { lanes: 1, most: 10, keyOf: (question) => question });
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
    return { coalescer: new Coalescer(ask, { lanes: 1, most: 10 }), batches };
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

  it('leaves the lane free', async () => {
    const { coalescer } = failing(Object.assign(new Error('gone'), { code: '57P01' }));
    await settled(coalescer);
    expect(await coalescer.run('a')).toBe('a!');
  });
});

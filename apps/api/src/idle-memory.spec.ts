import { describe, expect, it } from 'vitest';
import { collectGarbage, IdleMemory } from './idle-memory.js';

describe('memory is given back', () => {
  /** What was collected at each of these looks. */
  function collections(...utilizations: number[]): (string | undefined)[] {
    let collected: string | undefined;
    const memory = new IdleMemory((what) => (collected = what));
    return utilizations.map((utilization) => {
      collected = undefined;
      memory.look(utilization);
      return collected;
    });
  }
  const none = undefined;

  it('once after the start, with the code that only the start ran', () => {
    expect(collections(0.2, 0.05, 0.05, 0)).toEqual([none, 'garbage and code', none, none]);
  });

  it('once after each busy time, without the code that runs then, and never after a little work', () => {
    expect(collections(0.9, 0.05, 0.2, 0.05, 0.5, 0.15, 0.05, 0)).toEqual([
      ...[none, 'garbage', none, none],
      ...[none, none, 'garbage', none],
    ]);
  });

  it.each(['garbage', 'garbage and code'] as const)('by a collection that leaves no %s', async (what) => {
    const garbage = new WeakRef({});
    // What a WeakRef was given stays until the turn is over.
    await new Promise(setImmediate);
    collectGarbage(what);
    expect(garbage.deref()).toBeUndefined();
  });
});

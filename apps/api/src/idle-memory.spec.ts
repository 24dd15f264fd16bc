import { describe, expect, it } from 'vitest';
import { collectGarbage, IdleMemory } from './idle-memory.js';

describe('memory is given back', () => {
  /** How often something was collected after each of these looks. */
  function collections(...utilizations: number[]): number[] {
    let count = 0;
    const memory = new IdleMemory(() => (count += 1));
    return utilizations.map((utilization) => {
      memory.look(utilization);
      return count;
    });
  }

  it('once after the start, when that is over', () => {
    expect(collections(0.9, 0.2, 0.05, 0.05, 0)).toEqual([0, 0, 1, 1, 1]);
  });

  it('once after each busy time, and never for a little work', () => {
    expect(collections(0.05, 0.2, 0.05, 0.5, 0.15, 0.05, 0.05)).toEqual([1, 1, 1, 1, 1, 2, 2]);
  });

  it('by a collection that leaves no garbage', async () => {
    const garbage = new WeakRef({});
    // What a WeakRef was given stays until the turn is over.
    await new Promise(setImmediate);
    collectGarbage();
    expect(garbage.deref()).toBeUndefined();
  });
});

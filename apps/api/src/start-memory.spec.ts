import { expect, it } from 'vitest';
import { collectGarbage } from './start-memory.js';

it('a collection leaves no garbage', async () => {
  const garbage = new WeakRef({});
  // What a WeakRef was given stays until the turn is over.
  await new Promise(setImmediate);
  collectGarbage();
  expect(garbage.deref()).toBeUndefined();
  expect(globalThis.gc).toBeUndefined();
});

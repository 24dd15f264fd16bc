import { describe, expect, it } from 'vitest';

import { TestClock } from '../clock/test-clock.js';
import { InProcessEphemeralStore } from './in-process.store.js';

describe('InProcessEphemeralStore', () => {
  it('holds no more than twice what is alive, however long it runs', async () => {
    const clock = new TestClock();
    const store = new InProcessEphemeralStore(clock);
    const perMinute = 100;
    // Each entry ends after one minute and may be collected 15 minutes later.
    const alive = perMinute * 16 * 2;
    for (let minute = 0; minute < 200; minute += 1) {
      for (let i = 0; i < perMinute; i += 1) {
        await store.put(`r:${minute}:${i}`, 'v', '', 60_000);
        await store.take([{ key: `b:${minute}:${i}`, limit: 1, windowMs: 60_000 }]);
      }
      clock.advance(60_000);
      expect(store.size).toBeLessThanOrEqual(2 * alive);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { type DeliveryJob, putOffJob } from './delivery-job.js';

describe('a delivery that no worker has a hand free for', () => {
  it('comes back later each time, and never later than in three minutes', () => {
    const delivery = { id: 'a', createdAt: new Date(0), attempt: 0 };
    let putOffs = 0;
    const delays = Array.from({ length: 7 }, () => {
      const { payload, delayMs } = putOffJob(delivery, putOffs);
      putOffs = (payload as DeliveryJob).putOffs ?? 0;
      return delayMs;
    });
    expect(delays).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 160_000, 160_000]);
  });
});

import { describe, expect, it } from 'vitest';
import type { DeliveryTask } from './delivery.js';
import { Lane } from './lane.js';

const TASK = {} as DeliveryTask;

function laneWith(waiting: number): Lane {
  const lane = new Lane();
  for (let count = 0; count < waiting; count += 1) lane.add(TASK);
  return lane;
}

/** Starts as many as the lane lets start. */
function start(lane: Lane): number {
  let started = 0;
  while (lane.runnable) {
    lane.next();
    started += 1;
  }
  return started;
}

describe('the deliveries of one webhook', () => {
  it('are few at once at first, more while it is quick, and few when it hangs', () => {
    const lane = laneWith(1_000);
    expect(start(lane)).toBe(4);
    for (let count = 0; count < 20; count += 1) {
      lane.done({ succeeded: true, ms: 5 });
      start(lane);
    }
    lane.done(undefined);
    expect(start(lane)).toBe(1);
    for (let count = 0; count < 16; count += 1) lane.done({ succeeded: false, ms: 15_000 });
    expect(start(lane)).toBe(2);
  });

  it('are put off from a hundred on while it is not known to keep up', () => {
    expect(laneWith(0).hasRoom(99)).toBe(true);
    expect(laneWith(0).hasRoom(100)).toBe(false);
    const lane = laneWith(500);
    start(lane);
    expect(lane.hasRoom(1)).toBe(false);
    lane.done({ succeeded: false, ms: 5 });
    expect(lane.hasRoom(1)).toBe(false);
    lane.done({ succeeded: true, ms: 5 });
    expect(lane.hasRoom(1_000)).toBe(true);
  });

  it('are waited for by the log only where they will be gone soon', () => {
    const lane = laneWith(500);
    start(lane);
    expect(lane.congested).toBe(false);
    lane.done({ succeeded: true, ms: 5 });
    expect(lane.congested).toBe(true);
    const slow = laneWith(500);
    start(slow);
    slow.done({ succeeded: true, ms: 10_000 });
    expect(slow.congested).toBe(false);
  });
});

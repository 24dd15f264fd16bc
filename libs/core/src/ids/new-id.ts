import { randomFillSync, randomInt } from 'node:crypto';
import { v7 } from 'uuid';
import { type Clock } from '../clock/clock.js';

/** RFC 9562 section 5.7: the time of a UUIDv7 has 48 bits. */
const LATEST_MS = 2 ** 48 - 1;

let lastMs = -1;
let sequence = 0;

/**
 * Makes a UUIDv7 (RFC 9562 section 5.7) whose time is the clock's, not the machine's. Ids that one process makes in
 * the same millisecond sort in the order they were made (section 6.2, method 1: a counter with a random start).
 * An id is a name and never a secret.
 * @param time the clock port, or the moment that a use case already read from it
 * @returns lower-case with dashes
 * @throws RangeError for a moment that 48 bits of milliseconds since 1970 cannot hold
 */
export function newId(time: Clock | Date): string {
  const msecs = (time instanceof Date ? time : time.now()).getTime();
  if (!(msecs >= 0 && msecs <= LATEST_MS)) throw new RangeError('the moment does not fit a UUIDv7');
  // The counter has 32 bits and starts below 2^31, so that it cannot overflow within one millisecond.
  sequence = msecs === lastMs ? sequence + 1 : randomInt(2 ** 31);
  lastMs = msecs;
  return v7({ msecs, seq: sequence, random: sixteenRandomBytes() });
}

// A call of the system for every id costs more than all the rest of it.
const pool = new Uint8Array(4_096);
let used = pool.length;

function sixteenRandomBytes(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 16;
  return pool.subarray(used - 16, used);
}

/** The moment that a UUIDv7 was made of, to the millisecond (RFC 9562 section 5.7). */
export function timeOf(id: string): Date {
  return new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));
}

import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const LOOK_EVERY_MS = 3_000;

/** Shares of the time in which the event loop has work; that of a service which nobody asks anything is below the first. */
const IDLE = 0.1;
const BUSY = 0.3;

/**
 * Gives memory back after each busy time, of which the start is the first: when there was next to nothing to do for
 * three seconds, everything that is garbage is collected at once, which takes some 100 ms. V8 has a collection of its
 * own for idle times, which the little that an idle service allocates keeps from ever running
 * (docs/adr/0011-the-service-is-bundled.md).
 */
export class IdleMemory {
  #state: 'started' | 'busy' | 'idle' = 'started';

  /** @param collect frees what is garbage */
  constructor(private readonly collect: typeof collectGarbage = collectGarbage) {}

  /** Looks every three seconds, for as long as the process runs. */
  watch(): void {
    // Load after an idle time gives the space for new objects its size in two steps instead of four.
    setFlagsFromString('--semi-space-growth-factor=4');
    let before = performance.eventLoopUtilization();
    setInterval(() => {
      this.look(performance.eventLoopUtilization(before).utilization);
      before = performance.eventLoopUtilization();
    }, LOOK_EVERY_MS).unref();
  }

  /** @param utilization of the event loop since the last look, from 0 to 1 */
  look(utilization: number): void {
    if (utilization > BUSY) this.#state = 'busy';
    if (this.#state === 'idle' || utilization > IDLE) return;
    this.collect(this.#state === 'started' ? 'garbage and code' : 'garbage');
    this.#state = 'idle';
  }
}

/**
 * Frees what nothing refers to.
 *
 * @param what `code`: compiled functions too, of which most are of no use once the service has started. Those that are
 *   called again are compiled again, so that after a load this would cost more than it gives.
 */
export function collectGarbage(what: 'garbage' | 'garbage and code'): void {
  // Node has no call for it: V8 gives the function to contexts that are made while the flag is set.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  setFlagsFromString('--no-expose-gc');
  collect({
    type: 'major',
    execution: 'sync',
    flavor: what === 'garbage and code' ? 'last-resort' : 'regular',
  });
}

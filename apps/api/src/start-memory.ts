import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const LOOK_EVERY_MS = 3_000;

/** Share of the time in which the event loop has work; that of a service which nobody asks anything is below. */
const QUIET = 0.1;

/**
 * Gives back the memory that only the start needed, in the first three seconds in which there is next to nothing to do:
 * a full collection, of some 100 ms. V8 has one of its own for idle times, which the little that an idle service
 * allocates keeps from ever running. It happens once: after a load the space that it needed would soon be needed again
 * (docs/adr/0011-the-service-is-bundled.md).
 */
export function giveBackStartMemory(): void {
  // Load gives the space for new objects its size in two steps instead of four.
  setFlagsFromString('--semi-space-growth-factor=4');
  let before = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const { utilization } = performance.eventLoopUtilization(before);
    before = performance.eventLoopUtilization();
    if (utilization > QUIET) return;
    clearInterval(timer);
    collectGarbage();
  }, LOOK_EVERY_MS).unref();
}

/** Frees what nothing refers to, and compiled functions, of which most are of no use once the service has started. */
export function collectGarbage(): void {
  // Node has no call for it: V8 gives the function to contexts that are made while the flag is set.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/**
 * Measures things against each other: in each round every one is called some times, so that whatever else the machine
 * does falls on all of them alike.
 *
 * @param {Record<string, () => unknown>} subjects what to call; a promise is waited for before the next call
 * @param {{ rounds: number, calls: number }} amount
 * @returns {Promise<Record<string, { elapsed: number[], cpu: number[] }>>} microseconds per call, by round: on the
 *   clock, and of this process's own work
 */
export async function rounds(subjects, { rounds: count, calls }) {
  const costs = Object.fromEntries(Object.keys(subjects).map((name) => [name, { elapsed: [], cpu: [] }]));
  // One round more, first and not counted: code that has not run yet is slow.
  for (let round = -1; round < count; round += 1) {
    for (const [name, call] of Object.entries(subjects)) {
      const started = process.hrtime.bigint();
      const worked = process.cpuUsage();
      for (let index = 0; index < calls; index += 1) await call();
      const elapsed = Number(process.hrtime.bigint() - started) / 1_000 / calls;
      const { user, system } = process.cpuUsage(worked);
      if (round < 0) continue;
      costs[name].elapsed.push(elapsed);
      costs[name].cpu.push((user + system) / calls);
    }
  }
  return costs;
}

/** The middle one of some numbers. */
export function medianOf(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

import { medianOf } from './rounds.mjs';

/**
 * One line of the table.
 *
 * @typedef {object} Line
 * @property {string} id
 * @property {string} what
 * @property {number} value
 * @property {string} unit
 * @property {number[]} samples one of each run
 * @property {string} [note] what stands beside it
 * @property {string} [wanted] the target, where there is one
 * @property {boolean} [met]
 */

/** A figure without a target. @returns {Line} */
export function figure(id, what, samples, unit, note) {
  return { id, what, value: medianOf(samples), unit, samples, note };
}

/** A figure that is to be at least, or at most, so much. @returns {Line} */
export function target(id, what, samples, unit, { atLeast, atMost }, note) {
  const value = medianOf(samples);
  const met = (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
  const wanted = atLeast === atMost ? `${atMost}` : atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
  return { id, what, value, unit, samples, note, wanted, met };
}

/** Operations per second, with what each cost where that was measured. @returns {Line} */
export function rate(id, what, results) {
  return figure(id, what, series(results, 'perSecond'), '/s', costs(results));
}

/** The rate of a route by that of its floor, run by run, which is to be at least so much. @returns {Line} */
export function ofFloor(id, what, results, floor, atLeast) {
  return target(id, what, ratios(series(results, 'perSecond'), series(floor, 'perSecond')), '', { atLeast });
}

/** The quotients of two series of runs. */
export function ratios(values, floors) {
  return values.map((value, run) => value / floors[run]);
}

/**
 * Measures several things in turn, so many times, so that whatever else the machine does falls on all of them.
 *
 * @template T
 * @param {number} runs
 * @param {Record<string, () => Promise<T>>} subjects
 * @param {(line: string) => void} tell
 * @returns {Promise<Record<string, T[]>>}
 */
export async function inTurn(runs, subjects, tell) {
  const results = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (let run = 1; run <= runs; run += 1) {
    for (const [name, measure] of Object.entries(subjects)) {
      tell(`${name}, run ${run} of ${runs}`);
      results[name].push(await measure());
    }
  }
  return results;
}

/** Starts the service and floors for some work, and stops them after it. */
export async function withFloors(world, names, work) {
  const programs = [];
  try {
    programs.push(await world.service());
    for (const name of names) programs.push(await world.floor(name));
    return await work(...programs);
  } finally {
    await Promise.all(programs.map((program) => program.stop()));
  }
}

/** One property of each run. */
export function series(results, property) {
  return results.map((result) => result[property]);
}

/** What a run of several says beside its figure: CPU per operation and waiting times, where they were measured. */
function costs(results) {
  if (results[0].cpuMicros === undefined) return undefined;
  const of = (property) => medianOf(series(results, property));
  return `${of('cpuMicros').toFixed(0)} µs CPU each, p50 ${of('p50')} ms, p99 ${of('p99')} ms`;
}

import autocannon from 'autocannon';

/** V8 compiles while it is asked, on cores that are busy: a service costs half as much after eight seconds as after two. */
const FIRST_WARM_UP_SECONDS = 8;
const WARM_UP_SECONDS = 2;

/** Programs that were under load before. @type {WeakSet<import('./program.mjs').Program>} */
const warm = new WeakSet();

/**
 * What a program did under load.
 *
 * @typedef {object} Measured
 * @property {number} perSecond operations
 * @property {number} cpuMicros of the program, per operation
 * @property {number} p50 milliseconds
 * @property {number} p99 milliseconds
 */

/**
 * Sends requests to a program as fast as they are answered, after a warming up.
 *
 * @param {import('./program.mjs').Program} program
 * @param {object} load
 * @param {number} load.connections
 * @param {number} load.seconds
 * @param {readonly object[]} load.requests autocannon's; several make one operation
 * @param {number} [load.warmUp] seconds
 * @returns {Promise<Measured>}
 * @throws where a request was not answered with a 2xx: what fails fast is no figure
 */
export async function measured(program, { connections, seconds, requests, warmUp = warmUpOf(program) }) {
  await run(program.url, { connections, requests, duration: warmUp });
  const before = program.cpuMs();
  const result = await run(program.url, { connections, requests, duration: seconds });
  const cpuMs = program.cpuMs() - before;
  const operations = result['2xx'] / requests.length;
  return {
    perSecond: operations / result.duration,
    cpuMicros: (cpuMs * 1_000) / operations,
    p50: result.latency.p50,
    p99: result.latency.p99,
  };
}

function warmUpOf(program) {
  const seconds = warm.has(program) ? WARM_UP_SECONDS : FIRST_WARM_UP_SECONDS;
  warm.add(program);
  return seconds;
}

/** Sends so many requests. @returns how often each status came */
export async function sent(program, { connections, amount, requests }) {
  const result = await autocannon({ url: program.url, connections, amount, requests: [...requests] });
  return Object.fromEntries(
    Object.entries(result.statusCodeStats).map(([status, { count }]) => [status, count]),
  );
}

async function run(url, options) {
  const failures = [];
  const instance = autocannon({ url, ...options, requests: options.requests.map(withFields) });
  instance.on('response', (client, status) => {
    if (status >= 300 && failures.length < 3) failures.push(status);
  });
  const result = await instance;
  if (result.errors > 0 || result.non2xx > 0) {
    throw new Error(
      `${result.errors} errors and ${result.non2xx} refusals (${failures.join(', ')}) of ${url}`,
    );
  }
  return result;
}

// autocannon sets headers of its own on what it is given.
function withFields(request) {
  return { ...request, headers: { 'content-type': 'application/json', ...request.headers } };
}

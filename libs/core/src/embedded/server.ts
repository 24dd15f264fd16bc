import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { livingPostmaster } from './postmaster.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { runCommand, type Account } from './run-command.js';

/** A cluster and what it takes to run it. */
export interface Server {
  readonly binaries: PostgresBinaries;
  readonly cluster: string;
  readonly account: Account | undefined;
  /** Settings beyond those every start has, as `name=value`; values hold no blanks. */
  readonly settings: readonly string[];
}

/** Seconds for a start, recovery after a crash included. */
const START_SECONDS = 120;
/** Seconds for each way of stopping. */
const STOP_SECONDS = 30;
const TRIES = 20;
const PAUSE_MS = 250;
const LOG = 'server.log';

/** Failures that pass: the port was taken between our choice and the start, or a killed server's children linger. */
const PASSING = /could not bind|pre-existing shared memory block/;

/**
 * Starts the server on a free port of 127.0.0.1, with no unix socket, and waits until it takes connections.
 * @returns the port
 * @throws EmbeddedPostgresError with the end of the server's log when it will not start
 */
export async function startServer(server: Server): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    await keepLastLog(server.cluster);
    const { code, output } = await startOnce(server, port);
    if (code === 0) return port;
    const log = await logTail(server.cluster);
    if (attempt < TRIES && PASSING.test(log)) {
      await pause(PAUSE_MS);
      continue;
    }
    // One that is still recovering after two minutes; the log says more than its refusal to stop.
    await stopServer(server).catch(() => undefined);
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL in ${server.cluster} did not start. Correct what it says, or set DATABASE_URL ` +
        `to another. The end of its log:\n${log || output}`,
    );
  }
}

function startOnce(server: Server, port: number): Promise<{ code: number | undefined; output: string }> {
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'timezone=UTC',
    'log_timezone=UTC',
    // A failed statement's text and detail hold values that no log may hold.
    'log_min_error_statement=panic',
    'log_error_verbosity=terse',
    ...server.settings,
  ];
  const options = ["-k ''", ...settings.map((setting) => `-c ${setting}`)].join(' ');
  // pg_ctl gives the server a session of its own: a Ctrl-C in our terminal must not end it before our drain.
  const log = join(server.cluster, LOG);
  return runPgCtl(server, ['start', '-w', '-t', String(START_SECONDS), '-l', log, '-o', options]);
}

/**
 * Stops the server, closing its connections; at once if it will not end in half a minute. A server that is not
 * running is fine.
 * @returns the pid that was stopped, `undefined` where none was running
 * @throws EmbeddedPostgresError when it runs on
 */
export async function stopServer(server: Omit<Server, 'settings'>): Promise<number | undefined> {
  const pid = await livingPostmaster(server.cluster);
  if (pid === undefined) return undefined;
  for (const mode of ['fast', 'immediate']) {
    const { code } = await runPgCtl(server, ['stop', '-w', '-m', mode, '-t', String(STOP_SECONDS)]);
    if (code === 0 || (await livingPostmaster(server.cluster)) === undefined) return pid;
  }
  throw new EmbeddedPostgresError(
    `The PostgreSQL with pid ${pid} in ${server.cluster} does not stop. End it (kill -9 ${pid}) and start again.`,
  );
}

function runPgCtl(
  server: Omit<Server, 'settings'>,
  args: readonly string[],
): Promise<{ code: number | undefined; output: string }> {
  return runCommand(server.binaries.pgCtl, [...args, '-D', server.cluster], { account: server.account });
}

/** A port of 127.0.0.1 that nothing listens on at the moment. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('the system names no port'));
      });
    });
  });
}

/** One log per start, and the one before, so that it never grows for long. */
async function keepLastLog(cluster: string): Promise<void> {
  await rename(join(cluster, LOG), join(cluster, `${LOG}.1`)).catch(() => undefined);
}

async function logTail(cluster: string): Promise<string> {
  const log = await readFile(join(cluster, LOG), 'utf8').catch(() => '');
  return log.trimEnd().split('\n').slice(-20).join('\n');
}

/**
 * Makes a `postmaster.pid` harmless whose server is dead while its pid lives on in another process: PostgreSQL would
 * refuse to start. Only the pid is replaced, by one no system gives out: the rest names the shared memory by which
 * PostgreSQL finds out whether children of the dead server still run.
 */
export async function disownReusedPid(cluster: string): Promise<void> {
  const file = join(cluster, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined || (await livingPostmaster(cluster)) !== undefined) return;
  const [, ...rest] = text.split('\n');
  await writeFile(file, ['2147483646', ...rest].join('\n'));
}

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from './client.js';

/** The repository. */
export const ROOT = join(import.meta.dirname, '../..');

/** What `npm start` runs once it is built; `npm test` has seen to that. */
export const ENTRY = join(ROOT, 'dist/apps/api/src/main.js');

/** The command line's program. */
export const CLI = join(ROOT, 'dist/apps/api/src/cli/main.js');

const LONGEST_MS = 30_000;

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Everything it wrote, both ways. */
  readonly output: string;
}

/** A process of the product. */
export interface ProductProcess {
  readonly pid: number;
  /** Speaks to the port that it was given. */
  readonly client: Client;
  readonly ended: Promise<Ending>;
  /** What it has written so far. */
  output(): string;
  /** Waits until it has written something; fails where it ends before. */
  says(text: string | RegExp): Promise<void>;
  /** Waits until it answers; fails where it ends before. */
  ready(): Promise<ProductProcess>;
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ending>;
  /** Sends a signal to everything in its process group, as a terminal does on Ctrl-C. */
  interruptGroup(): void;
}

/** What to run, and how. */
export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** The command line; Node with the built service where absent. */
  readonly command?: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly uid?: number;
  /** Where it is to listen; a free port where absent. */
  readonly port?: number;
  readonly input?: string;
}

/** Starts a process of the product on a port of its own. It may not be ready yet: see `ready`. */
export async function startProcess(options: ProcessOptions = {}): Promise<ProductProcess> {
  const port = options.port ?? (await freePort());
  const [file, ...args] = options.command ?? [process.execPath, ENTRY];
  const child = spawn(file, [...args, ...(options.args ?? [])], {
    cwd: options.cwd ?? ROOT,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], PORT: String(port), ...options.env },
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  return watched(child, port);
}

/** Runs a process to its end. */
export async function runProcess(options: ProcessOptions): Promise<Ending> {
  return (await startProcess(options)).ended;
}

function watched(child: ChildProcess, port: number): ProductProcess {
  const { pid } = child;
  if (pid === undefined) throw new Error('the process cannot be started');
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
  let over = false;
  const ended = new Promise<Ending>((resolve) =>
    child.on('close', (code, signal) => {
      over = true;
      resolve({ code, signal, output });
    }),
  );
  const until = (condition: () => boolean | Promise<boolean>): Promise<void> =>
    eventually(async () => {
      if (await condition()) return true;
      if (over) throw new Error(`ended too early:\n${output}`);
      return false;
    });
  const client = new Client(`http://127.0.0.1:${port}`);
  const product: ProductProcess = {
    pid,
    client,
    ended,
    output: () => output,
    says: (text) => until(() => (typeof text === 'string' ? output.includes(text) : text.test(output))),
    ready: async () => {
      await until(() => answers(client));
      return product;
    },
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
    interruptGroup: () => {
      process.kill(-pid, 'SIGINT');
    },
  };
  return product;
}

async function answers(client: Client): Promise<boolean> {
  try {
    return (await client.get('/health/live')).status < 500;
  } catch {
    return false;
  }
}

/** Waits until a condition holds, looking again and again. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const until = performance.now() + LONGEST_MS;
  while (!(await condition())) {
    if (performance.now() > until)
      throw new Error(`did not come about in ${LONGEST_MS / 1_000} s: ${String(condition)}`);
    await pause(20);
  }
}

/** Whether a process lives. One that only waits for its parent to notice its end does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== 'linux') return true;
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** The pid of the embedded PostgreSQL of a data folder; `undefined` where it is stopped in order. */
export function postgresPid(dataDir: string): number | undefined {
  try {
    return Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
  } catch {
    return undefined;
  }
}

/** A port of 127.0.0.1 that nothing listens on at the moment. */
export function freePort(): Promise<number> {
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

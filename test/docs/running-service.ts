import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './markdown.js';

/** A service that was started by a command of the documentation. */
export interface RunningService {
  readonly url: string;
  /** Of the first administrator, as the start prints it. */
  readonly adminPassword: string;
  /** Ctrl-C; resolves when everything has ended and its folder is gone. */
  stop(): Promise<void>;
}

/**
 * Starts the service as the pages say, on a port and in a data folder of its own.
 * @param command the text of a page's block
 * @param from the folder that the reader stands in, and what the shell knows there; the clone where absent
 */
export async function startAsDocumented(
  command: string,
  from: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv } = { cwd: ROOT },
): Promise<RunningService> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-docs-'));
  // PostgreSQL runs as another user than root, and has to get here.
  await chmod(folder, 0o755);
  const port = await freePort();
  // A group of its own, which is what a terminal sends Ctrl-C to.
  const shell = spawn('bash', ['-c', command], {
    cwd: from.cwd,
    env: { ...withoutTestSettings(), ...from.env, PORT: String(port), DATA_DIR: join(folder, 'data') },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => shell.on('close', () => resolve()));
  const stop = async (): Promise<void> => {
    if (shell.pid !== undefined && shell.exitCode === null) process.kill(-shell.pid, 'SIGINT');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  let printed = '';
  const ready = new Promise<void>((resolve) => {
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        if (printed.includes('Countersign is ready.')) resolve();
      });
    }
  });
  await Promise.race([ready, ended]);
  if (shell.exitCode !== null) {
    await stop();
    throw new Error(`“${command.trim()}” ended before it was ready:\n${printed}`);
  }
  const kept = readFileSync(join(folder, 'data/first-administrator.json'), 'utf8');
  const { password: adminPassword } = JSON.parse(kept) as { password: string };
  return { url: `http://localhost:${port}`, adminPassword, stop };
}

function withoutTestSettings(): NodeJS.ProcessEnv {
  const names = /^(NODE_ENV|VITEST.*|TEST_.*|npm_.*|FORCE_COLOR)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.test(name)));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

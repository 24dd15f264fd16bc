import { spawn } from 'node:child_process';

/** A system user in whose name a program runs. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** How a program ended: `code` is `undefined` where it could not be started or a signal ended it. */
export interface CommandResult {
  readonly code: number | undefined;
  /** What it wrote to both its outputs, or why it could not be started. */
  readonly output: string;
}

/** A bound for programs that have no time limit of their own, in milliseconds. */
const LONGEST_MS = 300_000;

/**
 * Runs a program to its end in a session of its own, so that a Ctrl-C in our terminal does not cut it short, and
 * with a bare environment, so that no `PG…` variable of the user's shell reaches it.
 * @param file the program's path
 * @param args its arguments
 * @param options `account`: the user to become (root only); `cwd`: the folder to run in, `/` by default because
 *   the account may not be able to enter ours; `input`: what to write to its standard input
 */
export function runCommand(
  file: string,
  args: readonly string[],
  options: { readonly account?: Account | undefined; readonly cwd?: string; readonly input?: string } = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: options.cwd ?? '/',
      detached: true,
      env: bareEnvironment(),
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: LONGEST_MS,
      ...options.account,
    });
    let output = '';
    const keep = (chunk: string): void => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    // A program that ends before it has read its input is told by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => resolve({ code: undefined, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? undefined, output: output.trim() }));
  });
}

/** The environment of everything this folder runs. */
export function bareEnvironment(): NodeJS.ProcessEnv {
  return { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: 'C', TZ: 'UTC' };
}

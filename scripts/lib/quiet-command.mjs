import { spawn } from 'node:child_process';
import { Failure, ROOT } from './repository.mjs';

/**
 * Runs a program in the repository and keeps its output to itself, unless it fails.
 * @param {string} what a few words for the message of a failure: `installing the packages`
 * @param {string} file the program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export async function quietCommand(what, file, args, env = process.env) {
  const { ending, output } = await new Promise((resolve) => {
    const child = spawn(file, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', (error) => resolve({ ending: error.message, output }));
    child.on('close', (code, signal) =>
      resolve({ ending: code === 0 ? undefined : (signal ?? `exit code ${code}`), output }),
    );
  });
  if (ending === undefined) return;
  throw new Failure(`${output.trim()}\n\nFailed: ${what} (${file} ${args.join(' ')}: ${ending})`);
}

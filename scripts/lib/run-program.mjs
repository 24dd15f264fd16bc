import { spawn } from 'node:child_process';
import { Failure } from './repository.mjs';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program in our place: our terminal is its terminal, the signals we get are passed on, and we go on living
 * until it ends, however often it is asked to. It decides what a second Ctrl-C means.
 * @param {string} file
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>} how it ended
 */
export async function runProgram(file, args, options = {}) {
  const child = spawn(file, args, { ...options, stdio: 'inherit' });
  const forward = (signal) => child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', (error) => reject(new Failure(`${file} cannot be run: ${error.message}`)));
      child.on('exit', (code, signal) => resolve({ code, signal }));
    });
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
  }
}

/**
 * Ends this process as another one ended.
 * @param {{ code: number | null, signal: NodeJS.Signals | null }} ending
 */
export function endLike({ code, signal }) {
  if (signal === null) process.exitCode = code ?? 1;
  else process.kill(process.pid, signal);
}

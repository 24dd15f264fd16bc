import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Linux counts CPU time in hundredths of a second, whatever the kernel's own clock. */
const TICK_MS = 10;
const LONGEST_START_MS = 60_000;

/**
 * A program under load: a floor or the service. What it costs is read from outside, the same way for both.
 *
 * @typedef {object} Program
 * @property {string} url
 * @property {() => number} cpuMs milliseconds of CPU since it began, all threads
 * @property {() => number} rssMb
 * @property {number} startedMs how long it took to be ready
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a program on a port of its own and waits until it answers.
 *
 * @param {readonly string[]} command Node's arguments, or a whole command where `shell` names one
 * @param {{ env: Record<string, string>, ready?: string, program?: string, cwd?: string }} options `ready`: a path
 *   that answers 200 once it is
 * @returns {Promise<Program>}
 */
export async function startProgram(
  command,
  { env, ready = '/health/ready', program = process.execPath, cwd = process.cwd() },
) {
  const port = await freePort();
  const begun = performance.now();
  const child = spawn(program, command, {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(port), ...env },
  });
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill();
    await ended;
  };
  while (!(await answers(`${url}${ready}`))) {
    if (child.exitCode !== null || performance.now() - begun > LONGEST_START_MS) {
      await stop();
      throw new Error(`${command.join(' ')} does not start`);
    }
    await pause(5);
  }
  return {
    url,
    stop,
    startedMs: performance.now() - begun,
    cpuMs: () => cpuMsOf(child.pid),
    rssMb: () => rssMbOf(child.pid),
  };
}

/** A port of 127.0.0.1 that nothing listens on at the moment. */
export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  return port;
}

async function answers(url) {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

// proc(5): after the name, which may hold blanks, user and system time are the 12th and 13th field.
function cpuMsOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function rssMbOf(pid) {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

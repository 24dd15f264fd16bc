import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ROOT } from '../../scripts/lib/repository.mjs';
import { inTurn, target } from '../lib/compared.mjs';
import { freePort } from '../lib/program.mjs';

export const p8 = {
  id: 'P8',
  title: 'start',
  async run({ world, runs, tell }) {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
    try {
      // The first makes the cluster and migrates; what is measured has both.
      await npmStart(folder);
      const results = await inTurn(
        runs,
        {
          'P8 production': async () => {
            const service = await world.service();
            await service.stop();
            return service.startedMs / 1_000;
          },
          'P8 npm start': () => npmStart(folder),
        },
        tell,
      );
      return [
        target('P8', 'production start to ready', results['P8 production'], 's', { atMost: 1.5 }),
        target('P8', 'npm start to ready', results['P8 npm start'], 's', { atMost: 5 }),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function npmStart(folder) {
  const port = await freePort();
  const begun = performance.now();
  const child = spawn('npm', ['start', '--silent'], {
    cwd: ROOT,
    stdio: 'ignore',
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(port), DATA_DIR: folder },
  });
  const ended = once(child, 'exit');
  try {
    while (!(await answers(`http://127.0.0.1:${port}/health/ready`))) await pause(10);
    return (performance.now() - begun) / 1_000;
  } finally {
    child.kill();
    await ended;
  }
}

async function answers(url) {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeInstanceLock } from './instance-lock.js';
import { processBirth } from './process-birth.js';

describe('the instance lock', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-lock-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('names the living holder to everyone else', async () => {
    const first = await takeInstanceLock(folder);
    expect(first.taken).toBe(true);
    expect(await takeInstanceLock(folder)).toEqual({ taken: false, pid: process.pid });
  });

  it('can be taken again after a release, and releasing twice harms nobody', async () => {
    const first = await takeInstanceLock(folder);
    if (!first.taken) throw new Error('a fresh folder was refused');
    await first.lock.release();
    expect((await takeInstanceLock(folder)).taken).toBe(true);
    await first.lock.release();
    expect((await takeInstanceLock(folder)).taken).toBe(false);
  });

  it('goes to one of many who find it stale at once', async () => {
    for (let round = 1; round <= 20; round += 1) {
      await rm(folder, { recursive: true, force: true });
      folder = await mkdtemp(join(tmpdir(), 'countersign-lock-'));
      await writeFile(
        join(folder, 'instance.lock.7'),
        JSON.stringify({ pid: process.pid, birth: 'another' }),
      );
      const outcomes = await Promise.all(Array.from({ length: 12 }, () => takeInstanceLock(folder)));
      expect(outcomes.filter((outcome) => outcome.taken)).toHaveLength(1);
    }
  });

  it('is not held by a stranger who was given the pid of the dead holder', async () => {
    await writeFile(
      join(folder, 'instance.lock.1'),
      JSON.stringify({ pid: process.ppid, birth: 'born before the restart' }),
    );
    expect((await takeInstanceLock(folder)).taken).toBe(true);
  });

  it('is not held by a file that a power failure cut short', async () => {
    await writeFile(join(folder, 'instance.lock.3'), '{"pid":');
    expect((await takeInstanceLock(folder)).taken).toBe(true);
  });

  it('leaves one file, which names holder and birth', async () => {
    await writeFile(join(folder, 'instance.lock.1'), '{}');
    await takeInstanceLock(folder);
    expect(await readdir(folder)).toEqual(['instance.lock.2']);
    const holder: unknown = JSON.parse(await readFile(join(folder, 'instance.lock.2'), 'utf8'));
    expect(holder).toEqual({ pid: process.pid, birth: processBirth(process.pid) });
  });
});

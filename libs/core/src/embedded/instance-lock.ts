import { randomBytes } from 'node:crypto';
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { processBirth } from './process-birth.js';

/** The right to use a folder alone. */
export interface InstanceLock {
  /** Gives the folder up; later calls do nothing. */
  release(): Promise<void>;
}

/** The outcome of asking for a folder: ours, or in use by the living process `pid`. */
export type LockOutcome =
  { readonly taken: true; readonly lock: InstanceLock } | { readonly taken: false; readonly pid: number };

const NAME = /^instance\.lock\.(\d+)$/;
const RELEASED = JSON.stringify({});

/**
 * Asks for a folder on behalf of this process. The lock is a file `instance.lock.<n>` with the pid and the birth of
 * its holder. A stale one is never removed and made anew, because two starts that both find it stale could then
 * both win; it is superseded by number n + 1, which `link` gives to one of them. The highest number always
 * exists (a release only empties it), so a slow rival who made a number that was long gone finds out.
 * @param folder an existing folder that this process may write to
 * @returns the lock, or the pid of the living holder
 */
export async function takeInstanceLock(folder: string): Promise<LockOutcome> {
  const birth = processBirth(process.pid);
  const draft = await writeDraft(folder, JSON.stringify({ pid: process.pid, birth }));
  try {
    for (;;) {
      const newest = await newestNumber(folder);
      const holder = await readHolder(lockPath(folder, newest));
      if (holder === 'superseded') continue;
      if (holder !== undefined) return { taken: false, pid: holder };
      const own = newest + 1;
      if (!(await linkOnce(draft, lockPath(folder, own)))) continue;
      if ((await newestNumber(folder)) !== own) {
        await rm(lockPath(folder, own), { force: true });
        continue;
      }
      await rm(lockPath(folder, newest), { force: true });
      return { taken: true, lock: heldLock(folder, own) };
    }
  } finally {
    await rm(draft, { force: true });
  }
}

function heldLock(folder: string, number: number): InstanceLock {
  let held = true;
  return {
    release: async () => {
      if (!held) return;
      held = false;
      await rename(await writeDraft(folder, RELEASED), lockPath(folder, number));
    },
  };
}

function lockPath(folder: string, number: number): string {
  return join(folder, `instance.lock.${number}`);
}

async function writeDraft(folder: string, text: string): Promise<string> {
  const path = join(folder, `instance.draft.${randomBytes(6).toString('hex')}`);
  await writeFile(path, text, { flag: 'wx', mode: 0o644 });
  return path;
}

/** The highest lock number in the folder; 0 where there is none. */
async function newestNumber(folder: string): Promise<number> {
  const numbers = (await readdir(folder)).map((name) => Number(NAME.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers);
}

/** The pid of the lock's living holder, `undefined` where nobody holds it. */
async function readHolder(path: string): Promise<number | 'superseded' | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (!isMissing(error)) throw error;
    return path.endsWith('.0') ? undefined : 'superseded';
  }
  const { pid, birth } = parseHolder(text);
  return pid !== undefined && birth !== undefined && processBirth(pid) === birth ? pid : undefined;
}

/** A text that is none of ours (cut short by a power failure) names nobody: after that no holder lives. */
function parseHolder(text: string): { pid?: number; birth?: string } {
  try {
    const holder: unknown = JSON.parse(text);
    if (typeof holder !== 'object' || holder === null || !('pid' in holder) || !('birth' in holder))
      return {};
    return typeof holder.pid === 'number' && typeof holder.birth === 'string'
      ? { pid: holder.pid, birth: holder.birth }
      : {};
  } catch {
    return {};
  }
}

async function linkOnce(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

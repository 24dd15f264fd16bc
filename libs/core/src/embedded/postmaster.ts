import { execFileSync } from 'node:child_process';
import { readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { processBirth } from './process-birth.js';

/**
 * The server that runs on a cluster. Its `postmaster.pid` outlives a crash, and the pid in it may by now be another
 * program's, which must not be sent a signal; so the process itself is asked what it is.
 * @param cluster the cluster's folder
 * @returns its pid; `undefined` where no server of this cluster lives
 */
export async function livingPostmaster(cluster: string): Promise<number | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0 || processBirth(pid) === undefined) return undefined;
  const running =
    process.platform === 'linux' ? await servesOnLinux(pid, cluster) : servesElsewhere(pid, cluster);
  return running ? pid : undefined;
}

async function servesOnLinux(pid: number, cluster: string): Promise<boolean> {
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  if (basename(words[0] ?? '') !== 'postgres') return false;
  // The server's working directory is its cluster, wherever that was moved meanwhile.
  const folder = await realpath(`/proc/${pid}/cwd`).catch(() => undefined);
  return folder === undefined ? words.includes(cluster) : folder === (await realpath(cluster));
}

function servesElsewhere(pid: number, cluster: string): boolean {
  try {
    const command = execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return command.includes('postgres') && command.includes(cluster);
  } catch {
    return false;
  }
}

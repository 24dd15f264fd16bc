import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canEnter, databaseAccount } from './database-account.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import type { Account } from './run-command.js';
import { sharedPlace } from './shared-place.js';

/** Where a cluster lies and who runs it. */
export interface ClusterPlace {
  /** The folder that holds the cluster; this process may write to it, the account may enter it. */
  readonly folder: string;
  /** The cluster itself, `<folder>/postgres`; it may not exist yet. */
  readonly cluster: string;
  /** The user that runs it; `undefined` for this process's own. */
  readonly account: Account | undefined;
}

/** Where `dataDir` says that its cluster lies elsewhere. */
const LOCATION = 'postgres.location';
/** Where a cluster that lies elsewhere says which data folder it belongs to. */
const BELONGS_TO = 'data-dir';

/**
 * Decides where the cluster of a data folder lies: in `<dataDir>/postgres`; or, as root with a data folder that the
 * database's user cannot enter, in a folder of its own below the shared place, named in `<dataDir>/postgres.location`.
 * @param dataDir an existing folder, absolute and without symbolic links
 * @param log told in one line when the cluster is to lie elsewhere
 * @throws EmbeddedPostgresError when the recorded place is gone or another data folder's, or cannot be entered
 */
export async function clusterPlace(dataDir: string, log: (line: string) => void): Promise<ClusterPlace> {
  const recorded = await readText(join(dataDir, LOCATION));
  if (recorded !== undefined) return recordedPlace(dataDir, recorded);
  const here = join(dataDir, 'postgres');
  const account = await databaseAccount(here);
  if (await canEnter(account, dataDir)) return { folder: dataDir, cluster: here, account };
  if (await exists(here)) {
    throw new EmbeddedPostgresError(
      `The database in ${here} cannot be reached by its own user, because a folder above it is closed to others. ` +
        `Open the folders above (chmod a+x), or move the database to a DATA_DIR that every user can enter.`,
    );
  }
  const folder = join(await sharedPlace(), randomBytes(12).toString('hex'));
  await mkdir(folder);
  await chmod(folder, 0o711);
  await writeFile(join(folder, BELONGS_TO), dataDir, { mode: 0o600 });
  await writeFile(join(dataDir, LOCATION), folder, { mode: 0o600 });
  log(`keeping the database in ${folder}, because PostgreSQL's user cannot enter ${dataDir}`);
  return { folder, cluster: join(folder, 'postgres'), account };
}

async function recordedPlace(dataDir: string, folder: string): Promise<ClusterPlace> {
  const note = join(dataDir, LOCATION);
  if (!(await exists(folder))) {
    throw new EmbeddedPostgresError(
      `${note} says that the database lies in ${folder}, but there is no such folder. ` +
        `Bring it back, or remove ${note} to begin with an empty database.`,
    );
  }
  const cluster = join(folder, 'postgres');
  const account = await databaseAccount(cluster);
  await refuseCopies(dataDir, folder);
  return { folder, cluster, account };
}

/** A data folder that was moved takes its database along; one that was copied must not share it. */
async function refuseCopies(dataDir: string, folder: string): Promise<void> {
  const note = join(folder, BELONGS_TO);
  const owner = await readText(note);
  if (owner === dataDir) return;
  if (owner !== undefined && (await readText(join(owner, LOCATION))) === folder) {
    throw new EmbeddedPostgresError(
      `${dataDir} is a copy of ${owner}, and the database of both would be ${folder}. ` +
        `Remove ${join(dataDir, LOCATION)} to begin with an empty database here.`,
    );
  }
  await writeFile(note, dataDir, { mode: 0o600 });
}

/**
 * Makes the data folder where it is missing.
 * @param dataDir its path, absolute or relative to the working directory
 * @returns its absolute path without symbolic links
 */
export async function preparedDataDir(dataDir: string): Promise<string> {
  // As root another user must walk through it to its cluster; nobody needs to list it. What lies in it is closed.
  await mkdir(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  const path = await realpath(dataDir);
  // pg_ctl hands these paths to a shell, in double quotes.
  if (/["$`\\\n]/.test(path)) {
    throw new EmbeddedPostgresError(
      `DATA_DIR ${path} holds a quote, dollar, backtick, backslash or line break, which PostgreSQL's pg_ctl cannot take. ` +
        `Choose another DATA_DIR, or set DATABASE_URL.`,
    );
  }
  return path;
}

/** Whether something is there. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

/** A file's text without the blank around it; `undefined` where there is no such file. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

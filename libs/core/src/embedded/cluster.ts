import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, readText, type ClusterPlace } from './cluster-place.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { runCommand } from './run-command.js';

const ROLE = 'countersign';
const DATABASE = 'countersign';

/** How a cluster is made. */
export interface ClusterOptions {
  /** Where the role's password is kept, mode 0600. */
  readonly passwordFile: string;
  /** Whether what is written must survive a power failure. */
  readonly durable: boolean;
  /** Told in one line when a cluster is made. */
  readonly log: (line: string) => void;
}

/** The connection string of the role and the database that every cluster of ours has. */
export function databaseUrl(password: string, port: number): string {
  return `postgres://${ROLE}:${password}@127.0.0.1:${port}/${DATABASE}`;
}

/**
 * Sees that the cluster is there, with its database and a password we know. It is made beside its place and renamed
 * when whole, so that a start cut short at any moment leaves either no cluster or a complete one.
 * @returns the role's password
 * @throws EmbeddedPostgresError with PostgreSQL's own words when it will not be made
 */
export async function preparedCluster(
  binaries: PostgresBinaries,
  place: ClusterPlace,
  options: ClusterOptions,
): Promise<string> {
  const known = await readText(options.passwordFile);
  const password = known ?? (await newPassword(options.passwordFile));
  if (await exists(place.cluster)) {
    if (known === undefined) await setPassword(binaries, place, password);
    return password;
  }
  options.log(`creating a PostgreSQL cluster in ${place.cluster}`);
  await createCluster(binaries, place, password, options.durable);
  return password;
}

async function newPassword(file: string): Promise<string> {
  const password = randomBytes(24).toString('base64url');
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, password, { flag: 'wx', mode: 0o600, flush: true });
  await rename(draft, file);
  return password;
}

async function createCluster(
  binaries: PostgresBinaries,
  place: ClusterPlace,
  password: string,
  durable: boolean,
): Promise<void> {
  const draft = join(place.folder, 'postgres.unfinished');
  const passwordInput = join(place.folder, 'postgres.initdb');
  // What an earlier start that was cut short left behind.
  await rm(draft, { recursive: true, force: true });
  await rm(passwordInput, { force: true });
  await mkdir(draft, { mode: 0o700 });
  await chmod(draft, 0o700);
  // initdb takes the password from a file only, and runs as a user who must not read ours.
  await writeFile(passwordInput, password, { flag: 'wx', mode: 0o600 });
  if (place.account !== undefined) {
    await chown(draft, place.account.uid, place.account.gid);
    await chown(passwordInput, place.account.uid, place.account.gid);
  }
  const made = await runCommand(
    binaries.initdb,
    [
      ...['--pgdata', draft, '--username', ROLE, '--pwfile', passwordInput, '--auth', 'scram-sha-256'],
      // The built-in provider sorts alike on every machine, whatever locales it has.
      ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin'],
      ...['--builtin-locale', 'C.UTF-8'],
      ...(durable ? [] : ['--no-sync']),
    ],
    { account: place.account },
  );
  await rm(passwordInput, { force: true });
  if (made.code !== 0) throw notCreated(place, made.output);
  const database = await runAlone(binaries, place, draft, `CREATE DATABASE ${DATABASE}`, 'template1');
  if (database !== undefined) throw notCreated(place, database);
  await rename(draft, place.cluster);
  if (durable) await syncFolder(place.folder);
}

function notCreated(place: ClusterPlace, output: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `PostgreSQL could not create its cluster in ${place.cluster}. Free space or correct what it says, ` +
      `or set DATABASE_URL. It says:\n${output}`,
  );
}

/** For a password file that was lost: the cluster is ours, so its owner may set another. */
async function setPassword(binaries: PostgresBinaries, place: ClusterPlace, password: string): Promise<void> {
  // The password is base64url, which needs no quoting in SQL.
  const statement = `ALTER ROLE ${ROLE} PASSWORD '${password}'`;
  const problem = await runAlone(binaries, place, place.cluster, statement, DATABASE);
  if (problem !== undefined) {
    throw new EmbeddedPostgresError(
      `The password of the database in ${place.cluster} is lost and could not be set anew:\n${problem}`,
    );
  }
}

/** Runs one statement without a server, in PostgreSQL's single-user mode. Returns what went wrong, if anything. */
async function runAlone(
  binaries: PostgresBinaries,
  place: ClusterPlace,
  cluster: string,
  statement: string,
  database: string,
): Promise<string | undefined> {
  const args = ['--single', '-D', cluster, '-c', 'exit_on_error=on', '-c', 'log_min_error_statement=panic'];
  const { code, output } = await runCommand(binaries.postgres, [...args, database], {
    account: place.account,
    input: `${statement}\n`,
  });
  return code === 0 ? undefined : output;
}

/** Makes a rename in the folder last through a power failure. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

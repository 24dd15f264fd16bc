import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { runCommand, type Account } from './run-command.js';

/** `postgres` on Linux, `_postgres` on macOS. */
const NAMES = ['postgres', '_postgres'];

/**
 * The user in whose name PostgreSQL runs, because it refuses root.
 * @param cluster the folder of the cluster, which may not exist yet; where it does, its owner keeps it
 * @returns the account to become; `undefined` where this process is an ordinary user and stays itself
 * @throws EmbeddedPostgresError when the cluster belongs to someone else, or root finds no user to become
 */
export async function databaseAccount(cluster?: string): Promise<Account | undefined> {
  const self = process.getuid?.();
  const owner = cluster === undefined ? undefined : await clusterOwner(cluster);
  if (self !== 0) {
    if (owner !== undefined && owner.uid !== self) {
      throw new EmbeddedPostgresError(
        `The database in ${cluster} belongs to the user with id ${owner.uid}. Start as that user or as root, ` +
          `or choose another DATA_DIR.`,
      );
    }
    return undefined;
  }
  if (owner !== undefined && owner.uid !== 0) return owner;
  return (await existingAccount()) ?? (await createdAccount()) ?? (await nobody());
}

async function clusterOwner(cluster: string): Promise<Account | undefined> {
  try {
    // The folder itself: a user who may not look inside can still see whose it is.
    const { uid, gid } = await stat(cluster);
    return { uid, gid };
  } catch {
    return undefined;
  }
}

async function existingAccount(): Promise<Account | undefined> {
  for (const name of NAMES) {
    const account = await lookUp(name);
    if (account !== undefined) return account;
  }
  return undefined;
}

async function createdAccount(): Promise<Account | undefined> {
  await runCommand('groupadd', ['--system', '--force', 'postgres']);
  const created = await runCommand('useradd', [
    ...['--system', '--gid', 'postgres', '--no-create-home', '--home-dir', '/nonexistent'],
    ...['--shell', '/usr/sbin/nologin', 'postgres'],
  ]);
  return created.code === 0 ? lookUp('postgres') : undefined;
}

async function nobody(): Promise<Account> {
  const account = await lookUp('nobody');
  if (account !== undefined) return account;
  throw new EmbeddedPostgresError(
    'PostgreSQL refuses to run as root, and this machine has neither a user "postgres" nor "nobody". ' +
      'Create one (useradd --system postgres), start as an ordinary user, or set DATABASE_URL.',
  );
}

/** The user's ids by id(1), which also asks the directories that /etc/passwd does not know. */
async function lookUp(name: string): Promise<Account | undefined> {
  const [user, group] = await Promise.all([runCommand('id', ['-u', name]), runCommand('id', ['-g', name])]);
  const [uid, gid] = [Number(user.output), Number(group.output)];
  return user.code === 0 && group.code === 0 && uid > 0 ? { uid, gid } : undefined;
}

/**
 * Whether an account can enter a folder. Asked by trying, since modes, ACLs and mounts all have a say.
 * @param folder an absolute path
 */
export async function canEnter(account: Account | undefined, folder: string): Promise<boolean> {
  if (account === undefined) return true;
  return (await runCommand('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], { account })).code === 0;
}

/**
 * Whether an account can run the binaries below `native`, libraries and shared files included.
 * @returns `undefined` when it can, else what went wrong
 */
export async function whyNotRunnable(
  account: Account | undefined,
  native: string,
): Promise<string | undefined> {
  const script = 'test -r "$2" || { echo "cannot read $2"; exit 1; }; exec "$1" --version';
  const paths = [join(native, 'bin', 'postgres'), join(native, 'share', 'postgresql', 'postgres.bki')];
  const { code, output } = await runCommand('/bin/sh', ['-c', script, 'sh', ...paths], { account });
  return code === 0 ? undefined : output;
}

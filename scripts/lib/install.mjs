import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { quietCommand } from './quiet-command.mjs';
import { Failure, ROOT } from './repository.mjs';

const LOCKFILE = join(ROOT, 'package-lock.json');
/** Inside node_modules, so that it goes when they go. */
const STAMP = join(ROOT, 'node_modules/.countersign-installed');
/** What npm itself notes of the packages it put there, at the end of an installation. */
const INSTALLED = join(ROOT, 'node_modules/.package-lock.json');

/** Installs the packages where they are missing or the lockfile changed since; else does nothing and says nothing. */
export async function ensureInstalled() {
  const lockfile = readFileSync(LOCKFILE, 'utf8');
  const wanted = `${createHash('sha256').update(lockfile).digest('hex')} ${process.platform}-${process.arch}\n`;
  if (readIfThere(STAMP) === wanted) return;
  if (!isInstalledByHand(lockfile)) {
    process.stdout.write('installing packages (about a minute the first time)…\n');
    await installPackages();
  }
  writeFileSync(STAMP, wanted);
}

async function installPackages() {
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  // npm puts node_modules/.bin first in our PATH, and with it the very Node that npm ci is about to remove.
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')))
    .join(delimiter);
  const env = { ...process.env, PATH: path, npm_config_update_notifier: 'false' };
  if (!path.split(delimiter).some((folder) => existsSync(join(folder, 'npm')))) {
    throw new Failure('There is no npm in your PATH. It comes with Node.js: https://nodejs.org/.');
  }
  await quietCommand('installing the packages', 'npm', args, env);
}

/**
 * Whether someone ran `npm ci` or `npm install` themselves and what they have is what the lockfile wants.
 * @param {string} lockfile
 */
function isInstalledByHand(lockfile) {
  const note = readIfThere(INSTALLED);
  if (note === undefined) return false;
  const { packages: wanted } = JSON.parse(lockfile);
  const { packages: installed } = JSON.parse(note);
  const needed = Object.keys(wanted['']?.optionalDependencies ?? {}).map((name) => `node_modules/${name}`);
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found !== undefined) return found.version === entry.version;
    // npm leaves out what is for other platforms.
    return (entry.optional || entry.devOptional) && !(needed.includes(path) && isForThisMachine(entry));
  });
}

function isForThisMachine({ os, cpu }) {
  return [os].flat().includes(process.platform) && [cpu].flat().includes(process.arch);
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bundlePrograms } from './bundle.mjs';
import { quietCommand } from './quiet-command.mjs';
import { ENTRY, projectNode, ROOT } from './repository.mjs';

/** Everything the compiler's output depends on. */
const SOURCES = [
  ...['apps', 'libs', 'migrations', 'scripts/lib/bundle.mjs'],
  ...['tsconfig.json', 'nest-cli.json', 'package-lock.json'],
];
const OUTPUT = join(ROOT, 'dist');
/** Inside the output and written last, so that an output without it is none. */
const STAMP = join(OUTPUT, '.countersign-built');

/** Builds where the sources differ from those of the last build; else does nothing and says nothing. */
export async function ensureBuilt() {
  if (existsSync(ENTRY) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === fingerprint()) return;
  process.stdout.write('building…\n');
  await build();
}

/** Builds from nothing, so that no file of a source that is gone stays behind. */
export async function build() {
  const built = fingerprint();
  rmSync(OUTPUT, { recursive: true, force: true });
  const nest = join(ROOT, 'node_modules/@nestjs/cli/bin/nest.js');
  await quietCommand('building', projectNode(), [nest, 'build', 'api']);
  await bundlePrograms();
  writeFileSync(STAMP, built);
}

/** A digest of the sources: contents, not times, which a checkout sets as it likes. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const file of SOURCES.flatMap((path) => filesBelow(join(ROOT, path)))) {
    const content = readFileSync(file);
    hash.update(`${relative(ROOT, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * @param {string} path a file or a folder
 * @returns {string[]} the files, in a fixed order, without those the build leaves out
 */
function filesBelow(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || path.endsWith('.spec.ts')) return [];
  if (!found.isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .filter((name) => name !== 'node_modules')
    .flatMap((name) => filesBelow(join(path, name)));
}

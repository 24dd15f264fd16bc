import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository, whatever folder we were called from. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What `npm start` runs once it is built. */
export const ENTRY = join(ROOT, 'dist/apps/api/src/main.js');

/** A failure whose message says all there is to say: it is shown without a stack. */
export class Failure extends Error {}

/**
 * The Node the product runs on: the one among the packages, or where there is none for this platform, the running
 * one if it is new enough.
 * @returns {string} its path
 */
export function projectNode() {
  const own = join(ROOT, 'node_modules/.bin/node');
  if (existsSync(own)) return realpathSync(own);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return process.execPath;
  throw new Failure(
    `The packages hold no Node.js for ${process.platform}-${process.arch}, and ${process.version} is too old to run ` +
      'Countersign here. Install Node.js 22.12 or newer (24 is what we test with) from https://nodejs.org/.',
  );
}

/**
 * Runs a script's main function; shows a failure in one message and ends with exit code 1.
 * @param {() => Promise<void>} main
 */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${error instanceof Failure ? error.message : error?.stack}\n`);
    process.exitCode = 1;
  }
}

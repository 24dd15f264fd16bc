import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { ensureBuilt } from '../build.mjs';
import { ROOT } from '../repository.mjs';
import { envExample, variablesOf } from './env-example.mjs';
import { problemPages } from './problem-pages.mjs';

const PAGES = 'docs/problems';

/** The pages of the problem catalogue as they should be: Markdown by path from the repository. */
export async function madeProblemPages() {
  const { PROBLEMS } = await built('libs/core/src/problems/catalogue.js');
  const pages = new Map();
  for (const [path, text] of problemPages(PROBLEMS, answeredCodes())) {
    const style = await resolveConfig(join(ROOT, path));
    pages.set(path, await format(text, { ...style, parser: 'markdown' }));
  }
  return pages;
}

/** `.env.example` as it should be, and the variables it is made from. */
export async function madeEnvExample() {
  const { configSections } = await built('apps/api/src/config.js');
  const variables = variablesOf(configSections);
  return { variables, files: new Map([['.env.example', envExample(variables)]]) };
}

/**
 * Compares made files with those that are there.
 *
 * @param {Map<string, string>} made
 * @returns {string[]} one sentence per difference
 */
export function differences(made) {
  const present = [...made.keys()].some((path) => path.startsWith(PAGES)) ? presentPages() : [];
  return [
    ...[...made]
      .filter(([path, text]) => read(path) !== text)
      .map(([path]) => `${path} is missing or out of date`),
    ...present.filter((path) => !made.has(path)).map((path) => `${path} belongs to no code`),
  ];
}

/** The pages that are there, by path from the repository. */
export function presentPages() {
  const folder = join(ROOT, PAGES);
  return existsSync(folder) ? readdirSync(folder).map((name) => `${PAGES}/${name}`) : [];
}

/** Shows what a check found, and fails where it found anything. */
export function report(faults) {
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length === 0) return;
  process.stderr.write('\n`node scripts/docs.mjs` makes these files anew.\n');
  process.exitCode = 1;
}

/** The codes that the sources name where they make a problem. */
function answeredCodes() {
  const sources = ['apps', 'libs'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
      .map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
  );
  return new Set(
    sources.flatMap((text) => [...text.matchAll(/new Problem\(\s*'([a-z_]+)'/g)].map(([, code]) => code)),
  );
}

function read(path) {
  const file = join(ROOT, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

async function built(path) {
  await ensureBuilt();
  return import(pathToFileURL(join(ROOT, 'dist', path)).href);
}

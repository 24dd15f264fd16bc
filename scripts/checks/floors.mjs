import { readdirSync, realpathSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileCycles } from './cycles.mjs';
import { importsOf, sourceFiles } from './imports.mjs';

/** The floors of architecture.md. Imports point down only; who shares a floor does not know the others on it. */
export const FLOORS = {
  'apps/api': 5,
  'libs/auth': 4,
  'libs/factor-testing': 4,
  'libs/factors': 3,
  'libs/devices': 2,
  'libs/api-keys': 2,
  'libs/webhooks': 2,
  'libs/delivery': 2,
  'libs/directory': 1,
  'libs/core': 0,
  'libs/factor-kit': 0,
};

const SCOPE = '@countersign/';
const PROVIDERS = 'libs/factors/src/providers';
const LOWEST_FLOOR_THAT_MIGRATES = 4;
const THIRD_PARTY_FOR_MIGRATIONS = new Set(['typeorm']);

/**
 * @typedef {{ file: string, line: number, what: string, why: string }} Violation
 * `file` is relative to the root, `line` counts from 1, `what` is the offence and `why` the rule with a way out.
 */

/**
 * Checks that the imports of `apps/`, `libs/` and `migrations/` keep to architecture.md. `test/` is not bound.
 *
 * @param {string} root the repository, or a tree that looks like it
 * @returns {Violation[]} empty where all is well; ordered by file and line
 */
export function checkFloors(root) {
  const units = [...unitsBelow(root, 'apps'), ...unitsBelow(root, 'libs'), 'migrations'];
  const violations = units.filter((unit) => unit !== 'migrations' && !(unit in FLOORS)).map(withoutFloor);
  for (const unit of units) {
    const edges = [];
    for (const file of sourceFiles(root, unit)) {
      for (const { specifier, line } of importsOf(root, file)) {
        const target = resolve(file, specifier);
        const broken = ruleBroken(unit, file, target);
        if (broken !== undefined)
          violations.push({ file, line, what: broken.what(specifier), why: broken.why });
        if (target.kind === 'path') edges.push({ from: file, to: target.path, line });
      }
    }
    violations.push(...fileCycles(edges));
  }
  return violations.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

function unitsBelow(root, folder) {
  try {
    const entries = readdirSync(join(root, folder), { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => `${folder}/${entry.name}`);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

function withoutFloor(unit) {
  return {
    file: unit,
    line: 1,
    what: `${unit} has no floor`,
    why: 'every app and lib stands on one: add it to architecture.md and to FLOORS in scripts/checks/floors.mjs',
  };
}

/** What an import names: a file of the repository, a lib (perhaps past its face), a builtin or a package. */
function resolve(file, specifier) {
  if (specifier.startsWith('.'))
    return { kind: 'path', path: sourcePath(posix.join(dirname(file), specifier)) };
  if (specifier.startsWith('/') || specifier.startsWith('file:')) return { kind: 'path', path: specifier };
  if (specifier.startsWith(SCOPE)) {
    const [name, ...past] = specifier.slice(SCOPE.length).split('/');
    if (name === 'migrations') return { kind: 'migrations', past: past.length > 0 };
    return { kind: 'lib', unit: `libs/${name}`, past: past.length > 0 };
  }
  return { kind: isBuiltin(specifier) ? 'builtin' : 'package', name: specifier };
}

/** The file as it is written in the source: `x.js` is compiled from `x.ts`. */
function sourcePath(path) {
  return path.replace(/\.([cm]?)jsx?$/, '.$1ts');
}

function ruleBroken(unit, file, target) {
  if (unit === 'migrations') return migrationRule(file, target);
  if (file.startsWith(`${PROVIDERS}/`)) {
    const broken = providerRule(file, target);
    if (broken !== undefined) return broken;
  }
  switch (target.kind) {
    case 'lib':
      return libRule(unit, target);
    case 'path':
      return pathRule(unit, file, target.path);
    case 'migrations':
      return migrationsRule(unit, target);
    default:
      return undefined;
  }
}

function migrationRule(file, target) {
  if (target.kind === 'path' && target.path.startsWith('migrations/')) return undefined;
  if (target.kind === 'package' && THIRD_PARTY_FOR_MIGRATIONS.has(target.name)) return undefined;
  if (isSpec(file) && (target.kind === 'builtin' || target.name === 'vitest')) return undefined;
  return {
    what: (specifier) => `migration imports '${specifier}'`,
    why: 'a migration may import only typeorm: it must do tomorrow what it did today, whatever the code became',
  };
}

function providerRule(file, target) {
  const [folder] = file.slice(PROVIDERS.length + 1).split('/');
  const own = file === `${PROVIDERS}/${folder}` ? PROVIDERS : `${PROVIDERS}/${folder}`;
  if (target.kind === 'builtin' || target.kind === 'package') return undefined;
  if (target.kind === 'lib' && target.unit === 'libs/factor-kit') return undefined;
  if (target.kind === 'path' && target.path.startsWith(`${own}/`)) return undefined;
  if (isSpec(file) && isProviderFixture(target)) return undefined;
  return {
    what: (specifier) => `built-in provider imports '${specifier}'`,
    why:
      'a provider imports only @countersign/factor-kit, packages, node: builtins and its own folder, ' +
      "so that a stranger's has the very same door",
  };
}

function libRule(unit, target) {
  const floor = FLOORS[unit];
  const below = FLOORS[target.unit];
  const name = target.unit.replace('libs/', SCOPE);
  if (below === undefined) {
    return {
      what: (specifier) => `unknown lib '${specifier}'`,
      why: `no lib of that name has a floor; the libs are ${libNames().join(', ')}`,
    };
  }
  if (target.past) {
    return {
      what: (specifier) => `import past a face: '${specifier}'`,
      why: `import from '${name}', and export what is missing from ${target.unit}/src/index.ts`,
    };
  }
  if (target.unit === unit) {
    return {
      what: (specifier) => `${unit} imports its own face '${specifier}'`,
      why: 'inside a lib imports are relative; through its own face they are circular',
    };
  }
  if (floor === undefined || below < floor) return undefined;
  return {
    what: (specifier) => `${below > floor ? 'upward' : 'sideways'} import '${specifier}'`,
    why:
      `${unit} stands on floor ${floor}, ${target.unit} on floor ${below}, and imports point down only: ` +
      'turn it into an event, a port that the upper lib implements, or move the code down',
  };
}

function pathRule(unit, file, path) {
  if (path.startsWith(`${unit}/`)) {
    if (!isUseCase(file) || !isUseCase(path)) return undefined;
    return {
      what: (specifier) => `use case imports the use case '${specifier}'`,
      why: 'a use case never imports another (architecture.md): share a store, a port or a plain function',
    };
  }
  // Migrations have no face; the app is what runs them.
  if (unit.startsWith('apps/') && path.startsWith('migrations/')) return undefined;
  return {
    what: (specifier) => `relative import leaves ${unit}: '${specifier}'`,
    why: `use a lib's face (${SCOPE}<name>); a test that needs more than its own lib belongs in test/`,
  };
}

// They have no floor: whoever starts a whole engine runs them, on floors 4 and 5.
function migrationsRule(unit, { past }) {
  if (FLOORS[unit] >= LOWEST_FLOOR_THAT_MIGRATES && !past) return undefined;
  return {
    what: (specifier) => (past ? `import past a face: '${specifier}'` : `upward import '${specifier}'`),
    why: `only what starts a whole engine runs the migrations, from floor ${LOWEST_FLOOR_THAT_MIGRATES} up`,
  };
}

// What specs of several providers share: a fixture right below the providers' folder, which imports as they do.
function isProviderFixture({ kind, path }) {
  return kind === 'path' && posix.dirname(path) === PROVIDERS && path.endsWith('.fixture.ts');
}

function isSpec(path) {
  return /\.(spec|test)\.[cm]?ts$/.test(path);
}

function isUseCase(path) {
  return path.endsWith('.use-case.ts');
}

function libNames() {
  return Object.keys(FLOORS)
    .filter((unit) => unit.startsWith('libs/'))
    .map((unit) => unit.slice('libs/'.length));
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const violations = checkFloors(join(import.meta.dirname, '..', '..'));
  for (const { file, line, what, why } of violations) console.error(`${file}:${line} ${what}\n    ${why}`);
  if (violations.length > 0) process.exitCode = 1;
}

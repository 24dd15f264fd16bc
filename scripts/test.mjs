// `npm test [-- vitest arguments]`: the whole suite against a PostgreSQL and a Redis of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { requireUsableNode } from './lib/node-version.mjs';

requireUsableNode();
const { Failure, projectNode, ROOT, runMain } = await import('./lib/repository.mjs');
const { ensureInstalled } = await import('./lib/install.mjs');
const { ensureBuilt } = await import('./lib/build.mjs');
const { endLike, runProgram } = await import('./lib/run-program.mjs');
const { countTests } = await import('./lib/test-counts.mjs');
const { testEnvironment } = await import('./lib/test-environment.mjs');
const { startTestRedis } = await import('./lib/test-redis.mjs');

const HELP = `Usage: npm test [-- VITEST-ARGUMENTS]

Installs what is missing, builds what changed, and runs the tests against a throwaway PostgreSQL and, where
redis-server is on the machine, a throwaway Redis, both on free ports.

  npm test -- libs/core          only the files whose path holds that
  npm test -- -t 'spent once'    only the tests whose name holds that
  npm test -- --coverage         with coverage

  DATABASE_URL                   use this PostgreSQL instead; the tests make and drop databases in it
  TEST_REDIS_URL, REDIS_URL      use this Redis instead
  COUNTERSIGN_REQUIRE_REDIS=1    fail where there is no Redis, as CI=true does
`;

await runMain(() => test(process.argv.slice(2)));

async function test(args) {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP);
    return;
  }
  await ensureInstalled();
  await ensureBuilt();
  const services = [];
  let ending;
  let counts;
  try {
    const redisUrl = await redis(services);
    const databaseUrl = await database(services);
    ({ ending, counts } = await runTests(args, testEnvironment({ databaseUrl, redisUrl })));
  } finally {
    await Promise.all(services.map((service) => service.stop()));
  }
  // The last line, alone: it is read by programs.
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  endLike(ending);
}

async function database(services) {
  const given = process.env.TEST_DATABASE_URL ?? process.env.DATABASE_URL;
  if (given !== undefined && given !== '') return given;
  const module = join(ROOT, 'dist/libs/core/src/embedded/throwaway-postgres.js');
  const { startThrowawayPostgres } = await import(pathToFileURL(module).href);
  const log = (line) => process.stdout.write(`${line}\n`);
  const own = await startThrowawayPostgres({ log }).catch((error) => {
    throw new Failure(error.message);
  });
  services.push(own);
  return own.url;
}

async function redis(services) {
  const given = process.env.TEST_REDIS_URL ?? process.env.REDIS_URL;
  if (given !== undefined && given !== '') return given;
  const own = await startTestRedis();
  if (own !== undefined) {
    services.push(own);
    return own.url;
  }
  const how = 'There is no Redis: apt-get install redis-server, or set TEST_REDIS_URL=redis://…';
  if (isOn(process.env.CI) || isOn(process.env.COUNTERSIGN_REQUIRE_REDIS)) throw new Failure(how);
  process.stdout.write(`${how} (the Redis suites are skipped)\n`);
  return undefined;
}

function isOn(value) {
  return value !== undefined && !['', '0', 'false'].includes(value.toLowerCase());
}

async function runTests(args, env) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-test-'));
  const report = join(folder, 'report.json');
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  try {
    const ending = await runProgram(projectNode(), [vitest, 'run', ...reporters, ...args], {
      cwd: ROOT,
      env,
    });
    return { ending, counts: countTests(report, ending.code === 0) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

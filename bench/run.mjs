// `npm run bench [-- P1 P4 …]`: the targets of docs/performance.md, measured against floors in the same run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { ensureBuilt } from '../scripts/lib/build.mjs';
import { ensureInstalled } from '../scripts/lib/install.mjs';
import { Failure, ROOT, runMain } from '../scripts/lib/repository.mjs';

const HELP = `Usage: npm run bench [-- TARGET… OPTIONS]

Builds, starts a PostgreSQL and a Redis of its own on free ports, measures in turn what is to be compared, prints one
table and writes bench/results/. Ends with 1 where a target is missed. Nothing else should run on the machine.

  TARGET         P1 P2 P3 P3b P4 P5 P6 P7 P8 P9 P10; all of them where none is named
  --runs N       how often each is measured (3)
  --seconds N    how long each time (8)
  --people N     users of P6's large database, each with 20 events (1000000)
  --profile DIR  have the service write CPU profiles there; node bench/profile.mjs FILE reads them
  --help         show this

All of them take about forty minutes and 15 GB of disk; P1 alone two minutes.
`;

await runMain(() => bench(process.argv.slice(2)));

async function bench(args) {
  const { values, positionals } = parsed(args);
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  await ensureInstalled();
  await ensureBuilt();
  const { targets } = await import('./targets/index.mjs');
  const { Surroundings, World } = await import('./lib/surroundings.mjs');
  const { table } = await import('./lib/table.mjs');
  const chosen = chosenOf(targets, positionals);
  const tell = (line) => process.stderr.write(`${line}\n`);
  const surroundings = await Surroundings.start();
  const lines = [];
  let machine;
  try {
    const world = await World.make(surroundings);
    world.profiles = values.profile;
    machine = await facts(surroundings);
    const options = {
      surroundings,
      world,
      tell,
      runs: count('runs', values.runs),
      seconds: count('seconds', values.seconds),
      people: count('people', values.people),
    };
    for (const target of chosen) {
      tell(`${target.id}: ${target.title}`);
      lines.push(...(await target.run(options)));
    }
  } finally {
    await surroundings.stop();
  }
  process.stdout.write(`\n${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, `);
  process.stdout.write(`PostgreSQL ${machine.postgres}, ${machine.revision}\n\n${table(lines)}\n`);
  process.stdout.write(`\n${save({ machine, lines })}\n`);
  if (lines.some(({ met }) => met === false)) process.exitCode = 1;
}

function parsed(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        runs: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '8' },
        people: { type: 'string', default: '1000000' },
        profile: { type: 'string' },
      },
    });
  } catch (error) {
    throw new Failure(`${error.message}\n\n${HELP}`);
  }
}

function count(name, text) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Failure(`--${name} is a whole number of at least 1`);
  return number;
}

function chosenOf(targets, names) {
  const known = new Map(targets.map((target) => [target.id.toLowerCase(), target]));
  return names.length === 0
    ? targets
    : names.map((name) => {
        const target = known.get(name.toLowerCase());
        if (target === undefined) throw new Failure(`There is no target “${name}”.\n\n${HELP}`);
        return target;
      });
}

async function facts(surroundings) {
  return {
    cpu: cpus()[0]?.model ?? 'unknown CPU',
    cores: cpus().length,
    node: process.versions.node,
    postgres: await surroundings.version(),
    revision: execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: ROOT,
      encoding: 'utf8',
    }).trim(),
  };
}

/** @returns where it is */
function save(result) {
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  const name = `${new Date().toISOString().slice(0, 19).replaceAll(':', '')}Z.json`;
  writeFileSync(join(folder, name), `${JSON.stringify(result, undefined, 2)}\n`);
  return `bench/results/${name}`;
}

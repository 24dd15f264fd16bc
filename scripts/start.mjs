// `npm start`: from a fresh clone to a running service. Runs on Node 20.19 with no packages installed; everything
// after the build (database, migrations, first administrator, the screen) is the product's own work.
import { pathToFileURL } from 'node:url';
import { requireUsableNode } from './lib/node-version.mjs';

requireUsableNode();
const { ENTRY, Failure, projectNode, ROOT, runMain } = await import('./lib/repository.mjs');
const { ensureInstalled } = await import('./lib/install.mjs');
const { ensureBuilt } = await import('./lib/build.mjs');
const { endLike, runProgram } = await import('./lib/run-program.mjs');

const HELP = `Usage: npm start [-- --role=api|worker|all]

Installs what is missing, builds what changed and serves Countersign.
Without DATABASE_URL it brings its own PostgreSQL, kept under DATA_DIR (.data).

  --role=ROLE   serve requests (api), do the background work (worker), or both (all, the default)
  --help        show this

Settings come from the environment: .env.example lists them. Ctrl-C stops everything.
`;

await runMain(() => start(process.argv.slice(2)));

async function start(args) {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP);
    return;
  }
  const unknown = args.find((arg) => !/^--role=(api|worker|all)$/.test(arg));
  if (unknown !== undefined) throw new Failure(`npm start does not know "${unknown}".\n\n${HELP}`);
  // As npm does: relative paths in settings, such as DATA_DIR, count from the repository.
  process.chdir(ROOT);
  await ensureInstalled();
  await ensureBuilt();
  const node = projectNode();
  if (node !== process.execPath) {
    endLike(await runProgram(node, [ENTRY, ...args]));
    return;
  }
  // npm puts node_modules/.bin first in the PATH, so this is the usual case once the packages are there.
  process.argv = [process.execPath, ENTRY, ...args];
  await import(pathToFileURL(ENTRY).href);
}

// `npm run pack`: the packages for factors of your own, as tarballs under dist/packages.
import { requireUsableNode } from './lib/node-version.mjs';

requireUsableNode();
const { ROOT, runMain } = await import('./lib/repository.mjs');
const { ensureInstalled } = await import('./lib/install.mjs');
const { ensureBuilt } = await import('./lib/build.mjs');

const HELP = `Usage: npm run pack

Makes dist/packages/*.tgz: @countersign/factor-kit, which a factor of your own is written with, and
@countersign/factor-testing, which holds it to its contract inside the real engine. Install both with npm.
`;

await runMain(async () => {
  if (process.argv.slice(2).some((arg) => arg === '--help' || arg === '-h')) {
    process.stdout.write(HELP);
    return;
  }
  await ensureInstalled();
  await ensureBuilt();
  const { packPackages } = await import('./lib/packages.mjs');
  const { relative } = await import('node:path');
  for (const tarball of await packPackages()) {
    process.stdout.write(`made ${relative(process.cwd(), tarball) || tarball}\n`);
  }
  process.stdout.write(
    `install them with: npm install ${relative(process.cwd(), ROOT) || '.'}/dist/packages/*.tgz\n`,
  );
});

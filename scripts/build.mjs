// `npm run build`: dist/ from nothing. dist/apps/api/src/main.js is the program.
import { requireUsableNode } from './lib/node-version.mjs';

requireUsableNode();
const { runMain } = await import('./lib/repository.mjs');
const { build } = await import('./lib/build.mjs');

await runMain(async () => {
  await build();
  process.stdout.write('built dist/apps/api/src/main.js\n');
});

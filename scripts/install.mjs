// Installs the packages where they are missing or the lockfile changed, as `npm start` does.
import { requireUsableNode } from './lib/node-version.mjs';

requireUsableNode();
const { runMain } = await import('./lib/repository.mjs');
const { ensureInstalled } = await import('./lib/install.mjs');

await runMain(ensureInstalled);

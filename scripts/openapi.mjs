// `node scripts/openapi.mjs`: writes docs/openapi.json, the contract as the built service serves it.
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { requireUsableNode } from './lib/node-version.mjs';

requireUsableNode();
const { ROOT, runMain } = await import('./lib/repository.mjs');
const { ensureInstalled } = await import('./lib/install.mjs');
const { ensureBuilt } = await import('./lib/build.mjs');
const { servedOpenApi, SNAPSHOT } = await import('./lib/openapi.mjs');

await runMain(async () => {
  await ensureInstalled();
  await ensureBuilt();
  const { format, resolveConfig } = await import('prettier');
  const module = join(ROOT, 'dist/libs/core/src/embedded/throwaway-postgres.js');
  const { startThrowawayPostgres } = await import(pathToFileURL(module).href);
  const database = await startThrowawayPostgres({ log: (line) => process.stdout.write(`${line}\n`) });
  try {
    const document = await servedOpenApi(database.url);
    const style = { ...(await resolveConfig(SNAPSHOT)), parser: 'json' };
    writeFileSync(SNAPSHOT, await format(JSON.stringify(document), style));
    process.stdout.write(`wrote ${relative(process.cwd(), SNAPSHOT)}\n`);
  } finally {
    await database.stop();
  }
});

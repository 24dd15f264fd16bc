// `node scripts/docs.mjs`: makes .env.example and docs/problems from the code that they describe.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { madeEnvExample, madeProblemPages, presentPages } from './lib/documents/generated.mjs';
import { ROOT, runMain } from './lib/repository.mjs';

await runMain(async () => {
  const files = new Map([...(await madeProblemPages()), ...(await madeEnvExample()).files]);
  for (const path of presentPages().filter((page) => !files.has(page))) rmSync(join(ROOT, path));
  for (const [path, text] of files) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
  }
  process.stdout.write(`made ${files.size} files\n`);
});

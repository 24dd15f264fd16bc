// Fails where .env.example or docs/configuration.md knows other variables than the configuration's schemas.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { differences, madeEnvExample, report } from '../lib/documents/generated.mjs';
import { ROOT, runMain } from '../lib/repository.mjs';

const GUIDE = 'docs/configuration.md';

await runMain(async () => {
  const { variables, files } = await madeEnvExample();
  const names = new Set(variables.map(({ name }) => name));
  const told = new Set(namesTold(readFileSync(join(ROOT, GUIDE), 'utf8')));
  report([
    ...differences(files),
    ...[...names].filter((name) => !told.has(name)).map((name) => `${GUIDE} does not tell of ${name}`),
    ...[...told]
      .filter((name) => !names.has(name))
      .map((name) => `${GUIDE} tells of ${name}, which is not read`),
  ]);
});

/** The variables in the first column of the guide's tables. */
function namesTold(text) {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .flatMap((line) =>
      [...(line.split('|')[1] ?? '').matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(([, name]) => name),
    );
}

import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ROOT } from './repository.mjs';

/** Names that other programs read too, and that our tests set for a service themselves. */
const BESIDE_THE_EXAMPLE = ['METRICS_TOKEN', 'OTEL_EXPORTER_OTLP_ENDPOINT'];

/** Every variable that an operator may have set for a real Countersign: those of .env.example. */
function productNames() {
  const example = readFileSync(join(ROOT, '.env.example'), 'utf8');
  const names = [...example.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name);
  if (names.length === 0) throw new Error('.env.example names no variable');
  return new Set([...names, ...BESIDE_THE_EXAMPLE]);
}

/**
 * The environment the tests run in: ours without the product's settings, because in a test the test decides, and with
 * the project's Node first in the PATH.
 * @param {{ databaseUrl: string, redisUrl: string | undefined }} services
 * @returns {NodeJS.ProcessEnv}
 */
export function testEnvironment({ databaseUrl, redisUrl }) {
  const product = productNames();
  const kept = Object.entries(process.env).filter(([name]) => !product.has(name.replace(/_FILE$/, '')));
  return {
    ...Object.fromEntries(kept),
    PATH: [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter),
    TEST_DATABASE_URL: databaseUrl,
    ...(redisUrl === undefined ? {} : { TEST_REDIS_URL: redisUrl }),
  };
}

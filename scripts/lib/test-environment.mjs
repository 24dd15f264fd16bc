import { delimiter, join } from 'node:path';
import { ROOT } from './repository.mjs';

/** What an operator may have set for a real Countersign (configuration.md): in a test, the test decides. */
const PRODUCT_NAMES = new Set([
  ...['NODE_ENV', 'ALLOW_IN_PRODUCTION', 'ROLE', 'HOST', 'PORT', 'PUBLIC_URL', 'TRUST_PROXY', 'CORS_ORIGINS'],
  ...['MASTER_KEY', 'DATA_DIR', 'STEP_UP_MAX_AGE', 'SESSION_MAX_AGE', 'ADMIN_REQUIRE_SECOND_FACTOR'],
  ...['ACCESS_TOKEN_TTL', 'REFRESH_TOKEN_TTL', 'TEMP_TOKEN_TTL', 'DEVICE_TOKEN_TTL', 'OTP_TTL'],
  ...['MAIL_FROM', 'FACTORS_ENABLED', 'FACTOR_MODULES', 'EVENT_RETENTION', 'DELIVERY_RETENTION'],
  ...['LOG_LEVEL', 'METRICS_TOKEN'],
]);
const PRODUCT_FAMILIES =
  /^(DATABASE|REDIS|BOOTSTRAP_ADMIN|RATE_LIMIT|SMS|ARGON2|TWILIO|SMTP|WEBHOOK|OTEL_EXPORTER_OTLP)_/;

/**
 * The environment the tests run in: ours without the product's settings, with the project's Node first in the PATH.
 * @param {{ databaseUrl: string, redisUrl: string | undefined }} services
 * @returns {NodeJS.ProcessEnv}
 */
export function testEnvironment({ databaseUrl, redisUrl }) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !PRODUCT_NAMES.has(name.replace(/_FILE$/, '')) && !PRODUCT_FAMILIES.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    PATH: [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter),
    TEST_DATABASE_URL: databaseUrl,
    ...(redisUrl === undefined ? {} : { TEST_REDIS_URL: redisUrl }),
  };
}

import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const LIBS = join(import.meta.dirname, 'libs');

/** They replace a module, which another file in the same process would see. */
const MOCKING = [
  'libs/auth/src/passwords/password-hasher.spec.ts',
  'test/e2e/provider-sends.test.ts',
  'test/e2e/unruly-providers.test.ts',
  'test/e2e/unruly-pagers.test.ts',
];

/** They start programs (browsers, databases, the built service) and mostly wait for them. */
const PROCESSES = [
  'test/faults/**/*.test.ts',
  'test/docs/snippets.test.ts',
  'test/package/**/*.test.ts',
  'test/e2e/*-browser.test.ts',
  'test/e2e/built-service.test.ts',
  'test/e2e/npm-start.test.ts',
  'test/e2e/secrets-at-rest.test.ts',
];

export default defineConfig({
  resolve: {
    tsconfigPaths: true,
    // The examples have a tsconfig of their own, which knows these as packages.
    alias: {
      '@countersign/factor-kit': join(LIBS, 'factor-kit/src/index.ts'),
      '@countersign/factor-testing': join(LIBS, 'factor-testing/src/index.ts'),
    },
  },
  test: {
    globalSetup: ['test/factories/global-setup.ts'],
    // As many as a small machine has cores: half of what tests do is to wait for a database or a program.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['libs/*/src/**', 'apps/api/src/**'], exclude: ['**/*.spec.ts'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          // The product is imported once for each worker, not once for each file.
          isolate: false,
          include: [
            '{apps,libs,migrations}/**/*.spec.ts',
            'test/**/*.test.ts',
            'examples/*/test/**/*.test.ts',
          ],
          exclude: [...MOCKING, ...PROCESSES, '**/node_modules/**'],
        },
      },
      { extends: true, test: { name: 'isolated', include: MOCKING } },
      { extends: true, test: { name: 'processes', include: PROCESSES } },
    ],
  },
});

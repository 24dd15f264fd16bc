import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const LIBS = join(import.meta.dirname, 'libs');

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
    include: ['{apps,libs,migrations}/**/*.spec.ts', 'test/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
    globalSetup: ['test/factories/global-setup.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['libs/*/src/**', 'apps/api/src/**'], exclude: ['**/*.spec.ts'] },
  },
});

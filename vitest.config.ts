import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['{apps,libs,migrations}/**/*.spec.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/factories/global-setup.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['libs/*/src/**', 'apps/api/src/**'], exclude: ['**/*.spec.ts'] },
  },
});

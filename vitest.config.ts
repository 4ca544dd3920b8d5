import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      '*.test.ts',
      'scripts/**/*.test.mjs',
      '{app,bench,components,drizzle,e2e,lib,storage-engine}/**/*.test.{ts,tsx}',
    ],
    exclude: ['**/node_modules/**', '.next/**', 'dist/**'],
    globalSetup: ['scripts/vitest-global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    unstubEnvs: true,
    coverage: {
      provider: 'v8',
      include: ['{app,components,lib,storage-engine}/**/*.{ts,tsx}'],
      exclude: ['**/*.test.{ts,tsx}', '**/testing/**'],
    },
  },
})

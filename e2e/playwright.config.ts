import { defineConfig } from '@playwright/test'

/** Runs against a started product: scripts/test.mjs gives its address, the administrator and a browser. */
const { SCEAU_E2E_URL: baseURL, E2E_CHROMIUM: executablePath } = process.env
if (baseURL === undefined) throw new Error('SCEAU_E2E_URL is missing: run the browser tests with `npm test`')

export default defineConfig({
  testDir: './console',
  outputDir: '../test-results',
  // One product, one set of data: the journeys follow each other.
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  use: {
    baseURL,
    // The first run's certificate is signed by an authority of its own.
    ignoreHTTPSErrors: true,
    locale: 'en-US',
    viewport: { width: 1360, height: 820 },
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    launchOptions: {
      ...(executablePath === undefined ? {} : { executablePath }),
      // It opens our own pages only, and many machines give its sandbox neither to root nor to others.
      chromiumSandbox: false,
    },
  },
})

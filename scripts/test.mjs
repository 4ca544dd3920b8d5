// Every test: those beside the code, then the browser's against a service of its own. With arguments (paths, -t name) only
// the first kind, restricted by them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { build } from './build.mjs'
import { closeRunDirectory, openRunDirectory } from './run-directory.mjs'
import { ROOT, runChild, say, setUp } from './setup.mjs'

const REPORTS = path.join(ROOT, '.cache', 'test-reports')
const START_TIMEOUT_MS = 120_000

const args = process.argv.slice(2)
const node = setUp()
await build(node)
fs.rmSync(REPORTS, { recursive: true, force: true })
fs.mkdirSync(REPORTS, { recursive: true })
const runDirectory = openRunDirectory()
process.env.TMPDIR = runDirectory
let isInterrupted = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    isInterrupted = true
  })
}
const results = [await runVitest()]
if (args.length === 0 && hasBrowserTests() && !isInterrupted) results.push(await runBrowserTests())
await closeRunDirectory(runDirectory)
const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map((kind) =>
  results.reduce((sum, result) => sum + result[kind], 0),
)
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)
process.exit(failed === 0 && passed > 0 && !isInterrupted ? 0 : 1)

async function runVitest() {
  const file = path.join(REPORTS, 'vitest.json')
  const program = path.join('node_modules', 'vitest', 'vitest.mjs')
  const options = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const { code } = await runChild(node, [program, ...options, ...args], { channel: false })
  const report = readReport(file)
  if (report === null) return { passed: 0, failed: 1, skipped: 0 }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = report
  return {
    passed: numPassedTests,
    // A file that cannot be loaded and an error outside of any test fail the run without a failed test.
    failed: code === 0 ? numFailedTests : Math.max(numFailedTests, 1),
    skipped: numPendingTests + numTodoTests,
  }
}

function hasBrowserTests() {
  return fs.readdirSync(path.join(ROOT, 'e2e'), { recursive: true }).some((name) => String(name).endsWith('.spec.ts'))
}

async function runBrowserTests() {
  const service = await startService(fs.mkdtempSync(path.join(runDirectory, 'sceau-e2e-')))
  try {
    if (service.ready === null) return { passed: 0, failed: 1, skipped: 0 }
    return await runPlaywright(service.ready)
  } finally {
    service.child.kill('SIGTERM')
    await service.exited
  }
}

async function runPlaywright({ console: url, adminUsername, adminPassword }) {
  const { findBrowser } = await import('./find-browser.mjs')
  const browser = await findBrowser(node, url)
  if (browser === null) {
    say(
      'No browser for the browser tests: run `npx playwright install --with-deps chromium`, or set E2E_CHROMIUM to one.',
    )
    return { passed: 0, failed: 1, skipped: 0 }
  }
  const file = path.join(REPORTS, 'playwright.json')
  const program = path.join('node_modules', '@playwright', 'test', 'cli.js')
  const { code } = await runChild(
    node,
    [program, 'test', '--config=e2e/playwright.config.ts', '--reporter=list,json'],
    {
      channel: false,
      env: {
        E2E_CHROMIUM: browser,
        SCEAU_E2E_URL: url,
        SCEAU_E2E_USERNAME: adminUsername,
        SCEAU_E2E_PASSWORD: adminPassword,
        PLAYWRIGHT_JSON_OUTPUT_NAME: file,
      },
    },
  )
  const report = readReport(file)
  if (report === null) return { passed: 0, failed: 1, skipped: 0 }
  const { expected, flaky, unexpected, skipped } = report.stats
  return { passed: expected + flaky, failed: code === 0 ? unexpected : Math.max(unexpected, 1), skipped }
}

/** The built product on a scratch directory and free ports; `ready` is what it told, null when it did not start. */
async function startService(dataDir) {
  const [s3, web, metrics] = await findFreePorts(3)
  const settings = {
    SCEAU_DATA_DIR: dataDir,
    SCEAU_HOST: '127.0.0.1',
    SCEAU_S3_PORT: s3,
    SCEAU_CONSOLE_PORT: web,
    SCEAU_METRICS_PORT: metrics,
    SCEAU_NODE_FULL_PERCENT: '100',
  }
  const inherited = Object.entries(process.env).filter(([name]) => !/^(SCEAU_|DATABASE_URL$|NODE_ENV$)/.test(name))
  const child = spawn(node, ['dist/main.js', 'serve', '--json'], {
    // The channel ends the service when this process is gone, however it went.
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...Object.fromEntries(inherited), ...settings },
  })
  const exited = once(child, 'exit')
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
  let ready = null
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line)
    if (event.event !== 'ready') continue
    ready = event
    break
  }
  clearTimeout(timer)
  child.stdout.resume()
  return { child, exited, ready }
}

async function findFreePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => String(server.address().port))
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

function readReport(file) {
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : null
}

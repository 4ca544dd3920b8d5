import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Product } from '#e2e/product.ts'
import { REPOSITORY, startProduct } from '#e2e/product.ts'

const GONE_TIMEOUT_MS = 30_000
/** Of a slow machine that does other things besides. */
const START_TIMEOUT_MS = 180_000
let dataDir: string
let products: Product[] = []

beforeEach(() => {
  dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-lifecycle-'))
})
afterEach(async () => {
  for (const product of products) await product.stop()
  products = []
  fs.rmSync(dataDir, { recursive: true })
}, START_TIMEOUT_MS)

async function start(): Promise<Product> {
  const product = await startProduct({ dataDir })
  products.push(product)
  return product
}

/** What the program and its Node are found by, and nothing else of this environment. */
const inherited = Object.fromEntries(
  ['PATH', 'LD_LIBRARY_PATH'].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
)

/** Runs the program as an operator would, to its end. */
function run(args: string[], env: Record<string, string> = {}) {
  const program = path.join(REPOSITORY, 'dist', 'main.js')
  const result = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env: { NODE_ENV: 'production', ...inherited, SCEAU_DATA_DIR: dataDir, ...env },
  })
  return { code: result.status, stdout: result.stdout, stderr: result.stderr }
}

function processesOn(directory: string): string[] {
  const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(commandLineOf).filter((line) => line.includes(directory))
}

/** Empty when the process has just ended. */
function commandLineOf(pid: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

async function untilGone(pids: number[]): Promise<number[]> {
  for (const end = Date.now() + GONE_TIMEOUT_MS; Date.now() < end; await sleep(50)) {
    if (pids.every((pid) => !fs.existsSync(`/proc/${pid}`))) return []
  }
  return pids.filter((pid) => fs.existsSync(`/proc/${pid}`))
}

describe('an operator’s mistake', () => {
  it.each([
    ['an unknown command', ['serf'], {}, 'There is no command serf. See sceau help.\n'],
    ['an unknown option', ['serve', '--jason'], {}, "Unknown option '--jason'"],
    [
      'an unknown setting',
      ['serve'],
      { SCEAU_PORT: '9000' },
      'SCEAU_PORT is not a setting: did you mean SCEAU_S3_PORT?',
    ],
    ['no service to ask', ['client-env'], {}, 'The service does not run here: start it with `sceau serve` first'],
    [
      'a certificate that is not there',
      ['serve'],
      { SCEAU_TLS_CERT: '/no/c.pem', SCEAU_TLS_KEY: '/no/k.pem' },
      '/no/c.pem cannot be read (ENOENT)',
    ],
  ])('%s ends with one line and code 1', (_, args, env, expected) => {
    const { code, stdout, stderr } = run(args, env as Record<string, string>)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(expected)
    expect(stderr).not.toContain('    at ')
  })
})

describe.runIf(process.platform === 'linux')('the service', () => {
  it('lets no second instance on its directory, and leaves no process behind when it is told to stop', {
    timeout: START_TIMEOUT_MS,
  }, async () => {
    const product = await start()
    const pids = (['gateway', 'jobs', 'console', 'postgres'] as const).flatMap((role) => product.pids(role))
    expect(pids.length).toBeGreaterThanOrEqual(4)
    const second = run(['serve'])
    expect(second.code).toBe(1)
    expect(second.stderr).toBe(
      `Sceau already runs on ${dataDir} (process ${product.supervisorPid}): stop it first, or set SCEAU_DATA_DIR to another.\n`,
    )
    await product.stop()
    expect(await untilGone(pids)).toEqual([])
    expect(processesOn(dataDir)).toEqual([])
    expect(fs.existsSync(path.join(dataDir, 'lock'))).toBe(false)
  })

  it('leaves no process behind when its supervisor is killed, and starts again on what there is', {
    timeout: START_TIMEOUT_MS,
  }, async () => {
    const first = await start()
    const pids = (['gateway', 'jobs', 'console', 'postgres'] as const).flatMap((role) => first.pids(role))
    process.kill(first.supervisorPid, 'SIGKILL')
    expect(await untilGone(pids)).toEqual([])
    const second = await start()
    expect(second.adminPassword).toBeNull()
  })
})

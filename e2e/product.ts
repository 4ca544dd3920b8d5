import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createWriteStream, existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { S3Service } from '#e2e/s3-client.ts'
import type { Credentials } from '#e2e/signature.ts'

export type Role = 'gateway' | 'jobs' | 'console' | 'postgres'

/** The product as an outsider sees it: S3 as the root object user of the namespace `main`, and processes to kill. */
export interface Product extends S3Service {
  consoleUrl: string
  dataDir: string
  /** Both null when the installation is not new. */
  adminUsername: string | null
  adminPassword: string | null
  supervisorPid: number
  /** Everything that the supervisor printed, beside the data directory. */
  logFile: string
  /** Live processes of a role, restarts included. */
  pids(role: Role): number[]
  /** kill -9 of one process of the role; returns its pid, or null when none is alive at the moment. */
  kill(role: Role): number | null
  /** Runs one of the product's commands beside it, such as `keys --json`, and resolves to what it prints. Rejects with its message. */
  command(args: string[]): Promise<string>
  /** Ends every process in order and, unless told otherwise, removes a data directory that `startProduct` made. */
  stop(options?: { keepData?: boolean }): Promise<void>
}

export interface StartProductOptions {
  env?: Record<string, string>
  dataDir?: string
  /** Another main program than the product's, relative to the repository: a twin with a planted bug. */
  program?: string
}

export const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))
const START_TIMEOUT_MS = 120_000
const STOP_TIMEOUT_MS = 60_000

/** Starts `serve` on free ports of 127.0.0.1 and resolves once it answers. Rejects with the product's own message. */
export async function startProduct({ env = {}, dataDir, program }: StartProductOptions = {}): Promise<Product> {
  const directory = dataDir ?? (await mkdtemp(join(tmpdir(), 'sceau-')))
  const productEnv = await environmentOf(directory, env)
  const logFile = `${directory}.log`
  const entry = program === undefined ? entryArguments() : sourceArguments(program)
  const child = spawn(process.execPath, [...entry, 'serve', '--json'], {
    cwd: REPOSITORY,
    env: productEnv,
    // The channel tells the product when this process is gone, however it went.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const processes = new Map<number, Role>()
  const ready = await readyEventOf(child, { logFile, processes }).catch(async (error) => {
    // The error tells the end of the log. What the product's other processes still hold is gone with them.
    if (dataDir === undefined) await removeAll([directory, logFile])
    throw error
  })
  const credentials = await credentialsOf(productEnv)
  const pids = (role: Role) => [...processes].filter(([pid, its]) => its === role && isAlive(pid)).map(([pid]) => pid)

  return {
    endpoint: ready.s3,
    consoleUrl: ready.console,
    caFile: ready.ca,
    dataDir: directory,
    adminUsername: ready.adminUsername,
    adminPassword: ready.adminPassword,
    credentials,
    supervisorPid: child.pid ?? 0,
    logFile,
    pids,
    kill(role) {
      const alive = pids(role)
      const pid = alive[Math.floor(Math.random() * alive.length)]
      if (pid === undefined) return null
      process.kill(pid, 'SIGKILL')
      return pid
    },
    command: (args) => runCommand(productEnv, args),
    async stop({ keepData = false } = {}) {
      await endProcess(child)
      if (keepData) return
      await removeAll(dataDir === undefined ? [directory, logFile] : [logFile])
    },
  }
}

async function removeAll(paths: string[]): Promise<void> {
  for (const path of paths) await rm(path, { recursive: true, force: true, maxRetries: 50, retryDelay: 10 })
}

/** The built program; without a build, its sources; another checkout's with SCEAU_ENTRY. */
function entryArguments(): string[] {
  const chosen = process.env['SCEAU_ENTRY']
  if (chosen !== undefined) return ['--import', 'tsx', resolve(chosen)]
  const built = join(REPOSITORY, 'dist/main.js')
  return existsSync(built) ? [built] : sourceArguments('storage-engine/main.ts')
}

function sourceArguments(program: string): string[] {
  return ['--import', 'tsx', join(REPOSITORY, program)]
}

/** The caller's environment without any setting of an installation of their own, then ours. */
async function environmentOf(dataDir: string, env: Record<string, string>): Promise<NodeJS.ProcessEnv> {
  const inherited = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !/^(SCEAU_|AWS_|DATABASE_URL|NODE_OPTIONS|VITEST|NODE_ENV)/.test(name),
  ) as [string, string][]
  const [s3, web, metrics] = await freePorts(3)
  return {
    ...Object.fromEntries(inherited),
    NODE_ENV: 'production',
    SCEAU_DATA_DIR: dataDir,
    SCEAU_HOST: '127.0.0.1',
    SCEAU_S3_PORT: String(s3),
    SCEAU_CONSOLE_PORT: String(web),
    SCEAU_METRICS_PORT: String(metrics),
    // What is measured and tested must not depend on how full the drive is.
    SCEAU_NODE_FULL_PERCENT: '100',
    ...env,
  }
}

/** Ports that were free a moment ago, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  const ports: number[] = []
  for (const server of servers) {
    if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('A listener on 127.0.0.1 has no port')
    ports.push(address.port)
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

interface ReadyEvent {
  event: 'ready'
  s3: string
  console: string
  ca: string
  adminUsername: string | null
  adminPassword: string | null
}

type ProductEvent = ReadyEvent | { event: 'started'; role: Role; pid: number }

/** Follows the JSON lines for as long as the product lives, and resolves at `ready`. */
function readyEventOf(
  child: ChildProcess,
  { logFile, processes }: { logFile: string; processes: Map<number, Role> },
): Promise<ReadyEvent> {
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('The product was started without pipes')
  const log = createWriteStream(logFile, { flags: 'a' })
  stderr.pipe(log)
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(`was not ready within ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS)
    const fail = async (reason: string) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      await delay(100)
      reject(new Error(`The product ${reason}:\n${(await readFile(logFile, 'utf8')).slice(-4000)}`))
    }
    child.once('error', (error) => fail(`could not be started (${error.message})`))
    const ended = (code: number | null, signal: string | null) => fail(`ended with ${code ?? signal}`)
    child.once('exit', ended)
    createInterface({ input: stdout }).on('line', (line) => {
      log.write(`${line}\n`)
      const event = parseEvent(line)
      if (event?.event === 'started') processes.set(event.pid, event.role)
      if (event?.event === 'ready') {
        clearTimeout(timer)
        child.off('exit', ended)
        resolve(event)
      }
    })
  })
}

function parseEvent(line: string): ProductEvent | null {
  if (!line.startsWith('{')) return null
  return JSON.parse(line) as ProductEvent
}

async function credentialsOf(env: NodeJS.ProcessEnv): Promise<Credentials> {
  const stdout = await runCommand(env, ['client-env', '--json'])
  const { accessKeyId, secretAccessKey, region } = JSON.parse(stdout) as Credentials
  return { accessKeyId, secretAccessKey, region }
}

async function runCommand(env: NodeJS.ProcessEnv, args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...entryArguments(), ...args], {
    cwd: REPOSITORY,
    env,
  })
  return stdout
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

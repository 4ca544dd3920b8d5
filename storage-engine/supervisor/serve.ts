import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import cluster from 'node:cluster'
import path from 'node:path'
import type { Config } from '#storage-engine/config.ts'
import { environmentOf } from '#storage-engine/config.ts'
import type { Logger } from '#storage-engine/log.ts'
import { createLog } from '#storage-engine/log.ts'
import { connectionUrl, findDatabaseUrl } from '#storage-engine/postgres.ts'
import { startPrivateListener } from '#storage-engine/private-listener.ts'
import { provideCertificate } from '#storage-engine/supervisor/certificate.ts'
import { openDataDirectory } from '#storage-engine/supervisor/data-directory.ts'
import { openLogFile } from '#storage-engine/supervisor/log-file.ts'
import { collectMetrics, findReadiness } from '#storage-engine/supervisor/overview.ts'
import type { Role } from '#storage-engine/supervisor/part-messages.ts'
import type { PortClaim } from '#storage-engine/supervisor/ports.ts'
import { checkPorts } from '#storage-engine/supervisor/ports.ts'
import type { FirstRun } from '#storage-engine/supervisor/prepare-process.ts'
import { runPrepareProcess } from '#storage-engine/supervisor/prepare-process.ts'
import type { WriteLine } from '#storage-engine/supervisor/process-output.ts'
import type { Shutdown } from '#storage-engine/supervisor/shutdown.ts'
import { SupervisedPart } from '#storage-engine/supervisor/supervised-part.ts'
import { SupervisedPostgres } from '#storage-engine/supervisor/supervised-postgres.ts'
import { mirrorLine } from '#storage-engine/supervisor/terminal.ts'

/** Pools and pipelines of one process, and some for visitors. */
const CONNECTIONS_A_PROCESS = 16
const CONNECTIONS_BESIDES = 64

export interface ServeInput {
  config: Config
  /** What to run beside an installation that is served elsewhere; null: everything, database included. */
  only: Role | null
  /** The program file of each process. */
  programs: Record<Role | 'prepare', string>
  onStarted: (started: { role: Role | 'postgres'; pid: number }) => void
  /** The first administrator was made: known here and nowhere else, also when a later step fails. */
  onFirstRun: (firstRun: FirstRun) => void
  /** Gets every step that ends something: doors first, then jobs, then the database. */
  shutdown: Shutdown
}

export interface Service {
  /** What clients must trust; null when the certificate was given. */
  ca: string | null
  logFile: string | null
  pids: { supervisor: number; gateways: number[]; jobs: number | null; console: number | null; postgres: number | null }
}

/**
 * Starts every process of an installation and keeps them alive until `shutdown` runs. Resolves when all are ready. Throws
 * StartupError when one cannot start; the caller then runs `shutdown`.
 */
export async function serve(input: ServeInput): Promise<Service> {
  const { only, shutdown, programs } = input
  const isWhole = only === null
  const dataDirectory = isWhole ? openDataDirectory(input.config.dataDir) : null
  await shutdown.add(() => dataDirectory?.release())
  await checkPorts(portsOf(input.config, only))
  const output = await openOutput(input)
  const { config: secured, ca } = await provideCertificate(input.config, { log: output.log, shutdown })
  const { config, postgres } = await provideDatabase(input, { config: secured, log: output.log })
  const firstRun = isWhole ? await runPrepareProcess(spawnChild(programs.prepare, config), output.write) : null
  if (firstRun !== null) input.onFirstRun(firstRun)
  const parts = await startParts({ ...input, config }, output)
  const overview = { parts, isPostgresUp: postgres === null ? null : () => postgres.isUp }
  const closeListener = await startPrivateListener({
    port: config.metricsPort,
    findReadiness: () => findReadiness(overview),
    collectMetrics: () => collectMetrics(overview),
  })
  await shutdown.add(closeListener)
  return { ca, logFile: output.file, pids: pidsOf(parts, postgres) }
}

function portsOf(config: Config, only: Role | null): PortClaim[] {
  const { host } = config
  const claims: (PortClaim & { role: Role | null })[] = [
    { role: 'gateway', purpose: 'S3', setting: 'SCEAU_S3_PORT', port: config.s3Port, host },
    { role: 'console', purpose: 'console', setting: 'SCEAU_CONSOLE_PORT', port: config.consolePort, host },
    { role: null, purpose: 'metrics', setting: 'SCEAU_METRICS_PORT', port: config.metricsPort, host: '127.0.0.1' },
  ]
  return claims.filter(({ role }) => only === null || role === null || role === only)
}

interface Output {
  log: Logger
  write: WriteLine
  file: string | null
}

/** The whole service logs to a file and shows what matters; a single role logs to standard output, for its container. */
async function openOutput({ config, only, shutdown }: ServeInput): Promise<Output> {
  if (only !== null) {
    const write: WriteLine = (line) => void process.stdout.write(`${line}\n`)
    return { log: createLog({ level: config.logLevel, role: 'supervisor' }), write, file: null }
  }
  const logFile = openLogFile({ directory: path.join(config.dataDir, 'logs') })
  await shutdown.add(() => logFile.close())
  const write: WriteLine = (line, from) => {
    logFile.write(line)
    mirrorLine(line, from)
  }
  const destination = { write: (text: string) => write(text.trimEnd(), 'stdout') }
  return { log: createLog({ level: config.logLevel, role: 'supervisor', destination }), write, file: logFile.file }
}

interface DatabaseInput {
  config: Config
  log: Logger
}

async function provideDatabase({ only, onStarted, shutdown }: ServeInput, { config, log }: DatabaseInput) {
  if (config.databaseUrl !== null) return { config, postgres: null }
  const directory = path.join(config.dataDir, 'postgres')
  if (only !== null) return { config: { ...config, databaseUrl: findDatabaseUrl(directory) }, postgres: null }
  const postgres = await SupervisedPostgres.start({
    directory,
    connectionsMax: CONNECTIONS_BESIDES + CONNECTIONS_A_PROCESS * (config.gateways + 3),
    onStarted: (pid) => onStarted({ role: 'postgres', pid }),
    log,
  })
  await shutdown.add(() => postgres.stop())
  return { config: { ...config, databaseUrl: connectionUrl(postgres.connection) }, postgres }
}

/** All at once; they end in the order doors to S3, jobs, console. */
async function startParts({ config, only, programs, onStarted, shutdown }: ServeInput, output: Output) {
  const common = { writeLine: output.write, onStarted, log: output.log }
  const createPart = (role: Role): SupervisedPart => {
    const spawn =
      role === 'gateway' ? () => forkGateway(programs.gateway, config) : () => spawnChild(programs[role], config)
    return new SupervisedPart({ ...common, role, spawn })
  }
  const gateways = Array.from({ length: config.gateways }, () => createPart('gateway'))
  const groups = [[createPart('console')], [createPart('jobs')], gateways]
  const chosen = groups.filter(([first]) => only === null || first?.role === only)
  for (const group of chosen) {
    await shutdown.add(async () => void (await Promise.all(group.map((part) => part.stop()))))
  }
  const parts = chosen.flat()
  await Promise.all(parts.map((part) => part.start()))
  return parts
}

/**
 * Bodies pass through memory outside of V8's heap. By default V8 takes its growth for a reason to collect the whole heap,
 * many times a second under load: these make it wait until that is worth it, within a bound (docs/decisions/0008). Known to
 * V8 from Node 26 on.
 */
const GATEWAY_FLAGS = [
  '--external-memory-accounted-in-global-limit',
  '--external-memory-max-growing-factor=4',
  '--max-old-space-size=512',
]
/** Jobs and console keep little for long: a small nursery costs them nothing and saves tens of megabytes each. */
const SIDE_FLAGS = ['--max-semi-space-size=4']
/** glibc keeps an arena a thread, and what was once freed in each. */
const MALLOC_SETTINGS = { MALLOC_ARENA_MAX: '2' }
/** Memory back at once, where nobody is in a hurry. In a gateway bodies would cost a fifth more. */
const SIDE_MALLOC_SETTINGS = { MALLOC_TRIM_THRESHOLD_: '131072' }

/** A cluster worker, so that several processes listen on one port. */
function forkGateway(program: string, config: Config): ChildProcess {
  const execArgv = Number(process.versions.node.split('.')[0]) >= 26 ? GATEWAY_FLAGS : []
  cluster.setupPrimary({ exec: program, args: [], execArgv: [...process.execArgv, ...execArgv], silent: true })
  return cluster.fork(childEnvironment(config)).process
}

function spawnChild(program: string, config: Config): ChildProcess {
  const env = { ...process.env, ...SIDE_MALLOC_SETTINGS, ...childEnvironment(config) }
  return fork(program, [], { env, execArgv: [...process.execArgv, ...SIDE_FLAGS], silent: true })
}

function childEnvironment(config: Config): Record<string, string> {
  return { ...MALLOC_SETTINGS, ...environmentOf(config), NODE_ENV: config.mode }
}

function pidsOf(parts: SupervisedPart[], postgres: SupervisedPostgres | null): Service['pids'] {
  const pidsOfRole = (role: Role) => parts.filter((part) => part.role === role).flatMap(({ pid }) => pid ?? [])
  return {
    supervisor: process.pid,
    gateways: pidsOfRole('gateway'),
    jobs: pidsOfRole('jobs')[0] ?? null,
    console: pidsOfRole('console')[0] ?? null,
    postgres: postgres?.pid ?? null,
  }
}

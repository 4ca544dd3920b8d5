import type { ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { StartupError } from '#storage-engine/errors.ts'
import type { Logger } from '#storage-engine/log.ts'
import type { PostgresAccount } from '#storage-engine/postgres-account.ts'
import { choosePostgresAccount, placePostgresDirectory } from '#storage-engine/postgres-account.ts'
import { findPostgresBinaries } from '#storage-engine/postgres-binaries.ts'
import { stopLeftOver, stopPostgres } from '#storage-engine/postgres-stop.ts'
import { writeDurably } from '#storage-engine/write-durably.ts'

const PORT = 5432
const SUPERUSER = 'sceau'
/** sun_path holds 108 bytes with its final NUL; the socket is named .s.PGSQL.5432 in its directory. */
const SOCKET_PATH_BYTES_MAX = 107
const CLUSTER_OPTIONS = ['-A', 'scram-sha-256', '--no-locale', '-E', 'UTF8', '--data-checksums', '--no-instructions']
const START_TIMEOUT_MS = 60_000
/** A killed server's last backends need a moment to notice and let go of its shared memory. */
const START_ATTEMPTS = 10
const ATTEMPT_PAUSE_MS = 500
const MEMORY_SHARE = 32
const CONNECTIONS_MAX = 100
const MIB = 1024 ** 2

/** What a pg client needs; `host` is the directory of the unix socket. */
export interface PostgresConnection {
  host: string
  port: number
  user: string
  database: string
  password: string
}

export interface Postgres {
  connection: PostgresConnection
  /** Process id of the postmaster. */
  pid: number
  /** Fast shutdown: sessions end, everything is flushed. Harder means follow after 30 s. */
  stop: () => Promise<void>
  /** Settles when the server is gone, whoever ended it; `reason` tells how. */
  exited: Promise<{ reason: string }>
}

export interface StartPostgresInput {
  /** Everything of it: cluster, password, socket. */
  directory: string
  log: Logger
  connectionsMax?: number
}

/**
 * Starts the bundled Postgres on `directory` (created and initialised on first use), reachable by unix socket only.
 * Recovers from kill -9: a left-over server is stopped first, a stale lock file does not hold it up.
 * Dies with this process. Throws StartupError when it cannot come up.
 */
export async function startPostgres(input: StartPostgresInput): Promise<Postgres> {
  const { directory, log, connectionsMax = CONNECTIONS_MAX } = input
  const account = choosePostgresAccount(findPostgresBinaries())
  const home = placePostgresDirectory(account, directory)
  const cluster = path.join(home, 'cluster')
  const socketDirectory = makeSocketDirectory(account, home)
  const passwordFile = path.join(home, 'password')
  const password = await findOrCreatePassword(account, passwordFile)
  if (!fs.existsSync(cluster)) await initialise(account, { home, cluster, passwordFile })
  await stopLeftOver(cluster, log)
  const server = await launch(account, { cluster, socketDirectory, log, connectionsMax })
  log.info({ postmaster: server.pid, mode: account.mode }, 'Postgres is up')
  const connection = { host: socketDirectory, port: PORT, user: SUPERUSER, database: 'postgres', password }
  return {
    connection,
    pid: server.pid as number,
    stop: () => stop(server),
    exited: describeExit(server),
  }
}

/**
 * The DATABASE_URL of the Postgres that another process of ours runs on `directory`. Throws StartupError when there is
 * none.
 */
export function findDatabaseUrl(directory: string): string {
  const password = path.join(directory, 'password')
  const home = fs.existsSync(password) ? fs.realpathSync(directory) : null
  if (home !== null && fs.existsSync(socketPath(socketDirectoryOf(home)))) {
    return connectionUrl(describeConnection(socketDirectoryOf(home), fs.readFileSync(password, 'utf8').trim()))
  }
  throw new StartupError('The service does not run here: start it with `sceau serve` first, or set DATABASE_URL.')
}

/** The connection as one string for DATABASE_URL. */
export function connectionUrl({ host, port, user, database, password }: PostgresConnection): string {
  return `postgres://${user}:${password}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`
}

function describeConnection(socketDirectory: string, password: string): PostgresConnection {
  return { host: socketDirectory, port: PORT, user: SUPERUSER, database: 'postgres', password }
}

function socketDirectoryOf(home: string): string {
  const beside = path.join(home, 'socket')
  return Buffer.byteLength(socketPath(beside)) <= SOCKET_PATH_BYTES_MAX ? beside : shortDirectory(home)
}

function makeSocketDirectory(account: PostgresAccount, home: string): string {
  const directory = socketDirectoryOf(home)
  if (!fs.existsSync(directory)) account.makeDirectory(directory)
  const { mode } = fs.lstatSync(directory)
  if ((mode & fs.constants.S_IFMT) !== fs.constants.S_IFDIR || (mode & 0o077) !== 0 || !isOwned(account, directory)) {
    throw new StartupError(
      `${directory} is not a private directory of ours: remove it, or set TMPDIR to another place.`,
    )
  }
  return directory
}

function socketPath(directory: string): string {
  return path.join(directory, `.s.PGSQL.${PORT}`)
}

/** The same for every start, so that clients find a restarted server. */
function shortDirectory(home: string): string {
  const name = `sceau-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`
  const directory = path.join(os.tmpdir(), name)
  return Buffer.byteLength(socketPath(directory)) <= SOCKET_PATH_BYTES_MAX ? directory : path.join('/tmp', name)
}

/** Anybody may create names in /tmp: a directory prepared by another user must not receive our socket. */
function isOwned(account: PostgresAccount, directory: string): boolean {
  const owner = account.uid ?? process.getuid?.()
  return owner === undefined || fs.lstatSync(directory).uid === owner
}

async function findOrCreatePassword(account: PostgresAccount, file: string): Promise<string> {
  if (fs.existsSync(file)) return fs.readFileSync(file, 'utf8').trim()
  const password = randomBytes(24).toString('base64url')
  await writeDurably(file, password, { mode: 0o600 })
  account.own(file)
  return password
}

interface ClusterPaths {
  home: string
  cluster: string
  passwordFile: string
}

/** Under another name first: an interrupted first start leaves nothing that looks like a cluster. */
async function initialise(account: PostgresAccount, { home, cluster, passwordFile }: ClusterPaths): Promise<void> {
  const partial = `${cluster}.partial`
  fs.rmSync(partial, { recursive: true, force: true })
  account.makeDirectory(partial)
  const init = account.run('initdb', ['-D', partial, '-U', SUPERUSER, `--pwfile=${passwordFile}`, ...CLUSTER_OPTIONS], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: home,
  })
  let complaint = ''
  init.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  const [code] = await once(init, 'close')
  if (code !== 0) throw new StartupError(`Postgres could not prepare ${cluster}: ${lastLine(complaint)}`)
  fs.renameSync(partial, cluster)
}

interface LaunchInput {
  connectionsMax: number
  cluster: string
  socketDirectory: string
  log: Logger
}

async function launch(account: PostgresAccount, input: LaunchInput): Promise<ChildProcess> {
  for (let attempt = 1; ; attempt++) {
    const server = account.run('postgres', serverArguments(input), {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: input.cluster,
      // Off the terminal's process group: Ctrl-C reaches us, and we stop Postgres last.
      detached: true,
    })
    const complaint = await untilReady(server, input.log)
    if (complaint === null) return server
    if (attempt === START_ATTEMPTS || !/shared memory block|lock file/.test(complaint)) {
      throw new StartupError(`Postgres did not start: ${lastLine(complaint)}`)
    }
    await sleep(ATTEMPT_PAUSE_MS)
  }
}

/** Resolves to null when the server takes connections, or to what it said before it exited. */
function untilReady(server: ChildProcess, log: Logger): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const said: string[] = []
    const timer = setTimeout(() => server.kill('SIGQUIT'), START_TIMEOUT_MS)
    const lines = createInterface({ input: server.stderr as NodeJS.ReadableStream })
    lines.on('line', (line) => {
      forward(line, log)
      if (said.length < 20) said.push(line)
      if (!line.includes('database system is ready to accept connections')) return
      clearTimeout(timer)
      resolve(null)
    })
    server.once('error', (error) => {
      clearTimeout(timer)
      reject(new StartupError(`Postgres cannot be run: ${error.message}`, { cause: error }))
    })
    server.once('close', () => {
      clearTimeout(timer)
      resolve(said.join('\n') || 'it exited without a word')
    })
  })
}

/** Clients hear their own errors; the log keeps what concerns the server. */
function forward(line: string, log: Logger): void {
  const [, severity = 'LOG', text = line] = /^([A-Z]+\d?): {2}(.*)$/.exec(line) ?? []
  const fields = { from: 'postgres' }
  const isExpected = /terminating connection|system is (?:starting up|shutting down)|recovery mode/.test(text)
  if (severity === 'PANIC') log.error(fields, text)
  else if ((severity === 'FATAL' || severity === 'WARNING') && !isExpected) log.warn(fields, text)
  else log.debug(fields, text)
}

function serverArguments({ cluster, socketDirectory, connectionsMax }: LaunchInput): string[] {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: socketDirectory,
    port: PORT,
    max_connections: connectionsMax,
    // What was acknowledged survives; the rest is about fewer and calmer checkpoints.
    synchronous_commit: 'on',
    max_wal_size: '8GB',
    min_wal_size: '512MB',
    checkpoint_timeout: '15min',
    checkpoint_completion_target: 0.9,
    wal_compression: 'pglz',
    shared_buffers: `${sharedBuffersMib()}MB`,
    effective_cache_size: `${Math.ceil(os.totalmem() / 2 / MIB)}MB`,
    huge_pages: 'off',
    jit: 'off',
    // Containers often give 64 MiB of /dev/shm, which parallel queries overrun.
    max_parallel_workers_per_gather: 0,
    // SQL and key values belong to clients, not to a log.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_line_prefix: '',
    log_checkpoints: 'off',
    lc_messages: 'C',
    log_timezone: 'UTC',
    timezone: 'UTC',
  }
  return ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

/** A thirty-second of the memory, from 128 to 512 MiB: what holds the hot part of the indexes of some million keys. */
function sharedBuffersMib(): number {
  return Math.min(512, Math.max(128, Math.floor(os.totalmem() / MEMORY_SHARE / MIB)))
}

/** Once it is gone its process id may belong to anybody. */
async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) await stopPostgres(server.pid as number)
}

async function describeExit(server: ChildProcess): Promise<{ reason: string }> {
  if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
  return { reason: server.signalCode ?? `exit code ${server.exitCode}` }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}

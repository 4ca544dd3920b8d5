import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { REPOSITORY } from '#e2e/product.ts'
import { readConfig } from '#storage-engine/config.ts'
import { createEngine, type Engine } from '#storage-engine/engine.ts'
import { ensureLocalCertificate, type LocalCertificate } from '#storage-engine/local-authority.ts'
import { createLog } from '#storage-engine/log.ts'
import { migrateDatabase } from '#storage-engine/metadata/migrate.ts'
import { connectionUrl, startPostgres } from '#storage-engine/postgres.ts'
import type { PartMessage } from '#storage-engine/supervisor/part-messages.ts'

const LOG = createLog({ level: 'error', role: 'suite', destination: process.stderr })
const STOP_TIMEOUT_MS = 10_000

/** The product without console and supervisor: a database, one gateway and the jobs, each a process run from its source. */
export interface SuiteServer {
  /** The same installation, in this process: to make users in. */
  engine: Engine
  port: number
  /** PEM files: the authority to trust, and the certificate of the gateway. */
  tls: LocalCertificate
  stop(): Promise<void>
}

/** Starts a new installation in a scratch directory. `env` holds settings beside those that a scratch installation needs. */
export async function startSuiteServer(input: { env: Record<string, string>; logFile: string }): Promise<SuiteServer> {
  const directory = await mkdtemp(join(tmpdir(), 'sceau-suite-'))
  const ends: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })]
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) await end()
  }
  try {
    const postgres = await startPostgres({ directory: join(directory, 'postgres'), log: LOG })
    ends.push(() => postgres.stop())
    const databaseUrl = connectionUrl(postgres.connection)
    await migrateDatabase({
      connection: { connectionString: databaseUrl },
      folder: join(REPOSITORY, 'drizzle/migrations'),
    })
    const tls = await ensureLocalCertificate({
      directory: join(directory, 'tls'),
      domain: 'localhost',
      region: 'us-east-1',
    })
    const port = await findFreePort()
    const env: Record<string, string> = {
      // Days of a lifecycle that last seconds are refused in production.
      NODE_ENV: 'development',
      DATABASE_URL: databaseUrl,
      SCEAU_DATA_DIR: directory,
      SCEAU_HOST: '127.0.0.1',
      SCEAU_S3_PORT: String(port),
      SCEAU_TLS_CERT: tls.cert,
      SCEAU_TLS_KEY: tls.key,
      SCEAU_LOG_LEVEL: 'warn',
      SCEAU_JOB_INTERVAL_SECONDS: '1',
      SCEAU_NODE_FULL_PERCENT: '100',
      ...input.env,
    }
    const config = readConfig({ env, directory })
    const engine = await createEngine(config, { log: LOG, role: 'supervisor' })
    ends.push(() => engine.close())
    for (const part of ['worker', 'gateway']) {
      const child = await startPart(part, { env, logFile: input.logFile, directory })
      ends.push(() => stopPart(child))
    }
    return { engine, port, tls, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface PartInput {
  env: Record<string, string>
  logFile: string
  /** Holds no sceau.config.json that would speak of another installation. */
  directory: string
}

/** Resolves when the process says that it is ready. */
async function startPart(name: string, { env, logFile, directory }: PartInput): Promise<ChildProcess> {
  const child = fork(join(REPOSITORY, `storage-engine/${name}.ts`), [], {
    cwd: directory,
    env: { ...inheritedEnvironment(), ...env },
    execArgv: ['--import', import.meta.resolve('tsx')],
    silent: true,
  })
  for (const output of [child.stdout, child.stderr]) output?.pipe(createWriteStream(logFile, { flags: 'a' }))
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The ${name} ended with ${code}: see ${logFile}`)))
    child.on('message', (message: PartMessage) => {
      if (message.type === 'ready') resolve()
      if (message.type === 'failed') reject(new Error(message.message))
    })
  })
  return child
}

/** Without settings of an installation of the caller's own. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^(SCEAU_|AWS_|DATABASE_URL|NODE_OPTIONS)/.test(name))
  return Object.fromEntries(entries) as NodeJS.ProcessEnv
}

async function stopPart(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A listener on 127.0.0.1 has no port')
  server.close()
  return address.port
}

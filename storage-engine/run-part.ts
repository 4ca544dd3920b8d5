import { collectDefaultMetrics, register } from 'prom-client'
import { readConfig } from '#storage-engine/config.ts'
import { enterFipsMode } from '#storage-engine/crypto/fips-mode.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { createEngine } from '#storage-engine/engine.ts'
import { StartupError } from '#storage-engine/errors.ts'
import { createLog } from '#storage-engine/log.ts'
import type { PartMessage, Role, SupervisorMessage } from '#storage-engine/supervisor/part-messages.ts'

/** Longer than the drain of any door: after it, work under way is given up. */
const STOP_TIMEOUT_MS = 25_000

export interface RunningPart {
  /** Takes no new work and resolves when the work under way is done. */
  close: () => Promise<void>
}

/**
 * The main function of a composition root: settings, log and engine, then `start`; tells the supervisor when it is ready,
 * how it is, and why it cannot start; ends in order when told so, or when the supervisor is gone.
 */
export async function runPart(role: Role, start: (engine: Engine) => Promise<RunningPart>): Promise<void> {
  try {
    const config = readConfig({ env: process.env, directory: process.cwd() })
    if (config.fips === 'on') enterFipsMode()
    const log = createLog({ level: config.logLevel, role })
    exitOnUnexpected((err, what) => log.fatal({ err }, what))
    register.setDefaultLabels({ role })
    collectDefaultMetrics()
    const engine = await createEngine(config, { log, role })
    const part = await start(engine)
    obeySupervisor(part, engine)
    tell({ type: 'ready' })
  } catch (error) {
    if (!(error instanceof StartupError)) throw error
    giveUp(error.message)
  }
}

function tell(message: PartMessage): void {
  process.send?.(message)
}

/** What was opened so far would keep the process alive. */
function giveUp(message: string): void {
  const end = (): void => process.exit(1)
  if (process.send !== undefined) {
    process.send({ type: 'failed', message } satisfies PartMessage, end)
    return
  }
  process.stderr.write(`${message}\n`)
  end()
}

/** A part whose state is unknown must not go on: the supervisor starts a fresh one. */
function exitOnUnexpected(report: (error: unknown, what: string) => void): void {
  process.on('uncaughtException', (error) => {
    report(error, 'ends after an unexpected error')
    process.exit(1)
  })
}

function obeySupervisor(part: RunningPart, engine: Engine): void {
  let isStopping = false
  const stop = (): void => {
    if (isStopping) return
    isStopping = true
    // A failure of an orderly end is unexpected like any other.
    stopInOrder(part, engine).catch((error) => process.emit('uncaughtException', error))
  }
  // Ctrl-C reaches the whole process group: the supervisor decides who stops when.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', stop)
  process.on('disconnect', stop)
  process.on('message', (message: SupervisorMessage) => {
    if (message.type === 'stop') stop()
    else void report(engine, message.id)
  })
}

async function stopInOrder(part: RunningPart, engine: Engine): Promise<void> {
  setTimeout(() => {
    engine.log.warn('work under way was given up to stop in time')
    process.exit(1)
  }, STOP_TIMEOUT_MS).unref()
  await part.close()
  await engine.close()
  process.exit(0)
}

async function report({ db, findRootHealth }: Engine, id: number): Promise<void> {
  const isReady = await db.query({ name: 'is-ready', text: 'select 1', values: [] }).then(
    () => true,
    () => false,
  )
  const hasRootKey = (await findRootHealth()).health === 'ok'
  const metrics = (await register.getMetricsAsJSON()) as never
  tell({ type: 'report', id, report: { isReady, hasRootKey, metrics } })
}

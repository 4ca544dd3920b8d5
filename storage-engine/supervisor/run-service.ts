import type { Config } from '#storage-engine/config.ts'
import { findFullNodes } from '#storage-engine/supervisor/full-nodes.ts'
import type { FirstRun } from '#storage-engine/supervisor/prepare-process.ts'
import type { ServeInput, Service } from '#storage-engine/supervisor/serve.ts'
import { serve } from '#storage-engine/supervisor/serve.ts'
import { Shutdown } from '#storage-engine/supervisor/shutdown.ts'
import { describeFirstRun, formatBanner, localAddressOf } from '#storage-engine/supervisor/terminal.ts'

export interface RunServiceInput extends Pick<ServeInput, 'config' | 'only' | 'programs'> {
  version: string
  /** Events as JSON lines in place of the banner. */
  json: boolean
}

/**
 * Serves until SIGINT, SIGTERM, SIGHUP or the end of whoever started us, then stops in order; a second signal ends at
 * once. Throws StartupError, everything ended again, when it cannot start.
 */
export async function runService(input: RunServiceInput): Promise<void> {
  const shutdown = new Shutdown()
  const writeEvent = (event: object): void => {
    if (input.json) process.stdout.write(`${JSON.stringify(event)}\n`)
  }
  stopOnSignals(shutdown, () => {
    if (!input.json)
      process.stderr.write('\nStopping: requests under way are finished first. Once more to end at once.\n')
  })
  let firstRun: FirstRun | null = null
  try {
    const service = await serve({
      ...input,
      shutdown,
      onStarted: (started) => writeEvent({ event: 'started', ...started }),
      onFirstRun: (made) => {
        firstRun = made
      },
    })
    const warnings = await findFullNodes(input.config)
    if (input.json) writeEvent(readyEvent(input.config, { ...service, firstRun, warnings }))
    else process.stdout.write(bannerOf(input, { ...service, firstRun, warnings }))
  } catch (error) {
    if (firstRun !== null) process.stderr.write(describeFirstRun(firstRun))
    await shutdown.run()
    throw error
  }
}

function stopOnSignals(shutdown: Shutdown, announce: () => void): void {
  let isStopping = false
  const stop = (): void => {
    if (isStopping) process.exit(130)
    isStopping = true
    announce()
    shutdown.run().then(
      () => process.exit(),
      (error) => {
        process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  process.once('disconnect', stop)
}

interface Outcome extends Service {
  firstRun: FirstRun | null
  /** Whole sentences. */
  warnings: string[]
}

function readyEvent(config: Config, { firstRun, ca, pids, warnings }: Outcome): object {
  return {
    event: 'ready',
    s3: localAddressOf(config, config.s3Port),
    console: localAddressOf(config, config.consolePort),
    ca,
    metrics: `http://127.0.0.1:${config.metricsPort}`,
    adminUsername: firstRun?.username ?? null,
    adminPassword: firstRun?.password ?? null,
    pids,
    warnings,
  }
}

function bannerOf({ config, only, version }: RunServiceInput, service: Outcome): string {
  const publicAddress = (host: string, port: number) => `https://${host}:${port}`
  const isLocal = config.domain === 'localhost'
  const s3Host = isLocal ? 'localhost' : `s3.${config.region}.${config.domain}`
  return formatBanner({
    version,
    console: only === null || only === 'console' ? publicAddress(config.domain, config.consolePort) : null,
    s3: only === null || only === 'gateway' ? publicAddress(s3Host, config.s3Port) : null,
    region: config.region,
    ca: service.ca,
    logFile: service.logFile,
    rootKeyFile: config.rootProvider === 'file' ? config.rootKeyFile : null,
    keystoreDir: config.keystoreDir,
    firstRun: service.firstRun,
    warnings: service.warnings,
  })
}

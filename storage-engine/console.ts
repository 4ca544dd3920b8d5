import { createHash } from 'node:crypto'
import type { Server } from 'node:https'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import next from 'next'
import { createConsoleServer } from '#storage-engine/console-server.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StartupError } from '#storage-engine/errors.ts'
import { findInstallation } from '#storage-engine/metadata/installation.ts'
import { type RunningPart, runPart } from '#storage-engine/run-part.ts'
import { provideConsoleHost } from '#storage-engine/service/console-host.ts'
import { createService } from '#storage-engine/service/service.ts'
import { certificateFilesOf, loadTlsOptions, watchCertificate } from '#storage-engine/tls.ts'
import { listenTls } from '#storage-engine/tls-listener.ts'

/** Both storage-engine/ and dist/, where the bundle of this file lies, are one step below it. */
const PROJECT_DIRECTORY = path.dirname(import.meta.dirname)
const DRAIN_MS = 10_000

await runPart('console', startConsole)

/** The console process: Next behind our own HTTPS server. */
async function startConsole(engine: Engine): Promise<RunningPart> {
  const { config, log } = engine
  const files = certificateFilesOf(config)
  process.env['NEXT_TELEMETRY_DISABLED'] = '1'
  // next-auth then takes the origin from the Host header; the server removes forwarding headers that nobody vouches for.
  process.env['AUTH_TRUST_HOST'] = 'true'
  const service = createService(engine)
  provideConsoleHost({ service, log, formSecret: await formSecretOf(engine) })

  const app = next({
    dev: config.mode === 'development',
    dir: PROJECT_DIRECTORY,
    hostname: config.domain,
    port: config.consolePort,
  })
  await app.prepare()
  const server = createConsoleServer({ engine, tls: loadTlsOptions(files), serveNext: app.getRequestHandler() })
  const endWatch = watchCertificate({ files, onChange: (tls) => server.setSecureContext(tls), log })
  await listenTls({ server, port: config.consolePort, host: config.host })
  return {
    async close() {
      endWatch()
      await drain(server)
      await service.close()
      await app.close()
    },
  }
}

/** Lets requests under way end, for a while; upgraded connections never end by themselves. */
async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  await Promise.race([closed, sleep(DRAIN_MS, undefined, { ref: false })])
  server.closeAllConnections()
}

/** The same in every console process of an installation, and known to nobody who cannot read its database. */
async function formSecretOf(engine: Engine): Promise<string> {
  const installation = await findInstallation(engine.db)
  if (installation === null) throw new StartupError('This installation is not set up yet: run "sceau serve" first.')
  return createHash('sha256').update('sceau sign-in form').update(installation.keyCanary).digest('hex')
}

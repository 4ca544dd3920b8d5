import path from 'node:path'
import { readConfig } from '#storage-engine/config.ts'
import { enterFipsMode } from '#storage-engine/crypto/fips-mode.ts'
import { createEngine } from '#storage-engine/engine.ts'
import { StartupError } from '#storage-engine/errors.ts'
import { createLog } from '#storage-engine/log.ts'
import { migrateDatabase } from '#storage-engine/metadata/migrate.ts'
import { prepareInstallation } from '#storage-engine/namespaces/first-run.ts'
import type { PrepareMessage } from '#storage-engine/supervisor/prepare-process.ts'

/**
 * Runs before the others and ends: brings the schema up to date and, in an empty database, founds the installation. A
 * process of its own so that the supervisor, which lives long, need not hold an engine.
 */
async function prepare(): Promise<PrepareMessage> {
  const config = readConfig({ env: process.env, directory: process.cwd() })
  const log = createLog({ level: config.logLevel, role: 'supervisor' })
  const folder = path.join(import.meta.dirname, '..', 'drizzle', 'migrations')
  try {
    if (config.fips === 'on') enterFipsMode()
    await migrateDatabase({ connection: { connectionString: config.databaseUrl ?? '' }, folder })
    const engine = await createEngine(config, { log, role: 'supervisor' })
    const firstRun = await prepareInstallation(engine)
    await engine.close()
    return { type: 'prepared', firstRun }
  } catch (error) {
    if (!(error instanceof StartupError)) throw error
    return { type: 'failed', message: error.message }
  }
}

const message = await prepare()
process.send?.(message, () => process.disconnect?.())

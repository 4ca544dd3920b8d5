import path from 'node:path'
import type { Config } from '#storage-engine/config.ts'
import { createEngine, type Engine } from '#storage-engine/engine.ts'
import { StartupError, StorageError } from '#storage-engine/errors.ts'
import type { Logger } from '#storage-engine/log.ts'
import { findDatabaseUrl } from '#storage-engine/postgres.ts'

/**
 * Does a command's work on the running installation, through an engine of its own, which is closed at the end. Throws
 * StartupError, in one line: there is no installation, or why the work was refused.
 */
export async function withInstallation<Result>(
  config: Config,
  log: Logger,
  work: (engine: Engine) => Promise<Result>,
): Promise<Result> {
  const databaseUrl = config.databaseUrl ?? findDatabaseUrl(path.join(config.dataDir, 'postgres'))
  const engine = await createEngine({ ...config, databaseUrl }, { log, role: 'cli' })
  try {
    return await work(engine)
  } catch (error) {
    // Of an internal error the text says nothing, but the trace does.
    if (error instanceof StorageError && error.status !== 500) throw new StartupError(error.message, { cause: error })
    throw error
  } finally {
    await engine.close()
  }
}

import path from 'node:path'
import { COMMAND_LINE } from '#storage-engine/command-line-actor.ts'
import type { Config } from '#storage-engine/config.ts'
import { createEngine } from '#storage-engine/engine.ts'
import { StartupError, StorageError } from '#storage-engine/errors.ts'
import type { Logger } from '#storage-engine/log.ts'
import { findDatabaseUrl } from '#storage-engine/postgres.ts'
import {
  createNamedKey,
  deleteNamedKey,
  disableNamedKey,
  enableNamedKey,
  keepNamedKey,
  listNamedKeys,
  rotateNamedKey,
} from '#storage-engine/service/named-keys.ts'

const ACTS = {
  create: createNamedKey,
  rotate: rotateNamedKey,
  disable: disableNamedKey,
  enable: enableNamedKey,
  delete: deleteNamedKey,
  keep: keepNamedKey,
}

export type NamedKeyAct = keyof typeof ACTS
export const NAMED_KEY_ACTS = Object.keys(ACTS) as NamedKeyAct[]

export interface NamedKeysCommand {
  namespace: string
  /** What to do and with which key; null only lists. */
  act: { verb: NamedKeyAct; name: string } | null
  /** Until a deleted key is destroyed. */
  days: number
}

/**
 * Changes a named key of a running installation, and resolves to the namespace's keys as they are then.
 * Throws StartupError, which says why nothing was done.
 */
export async function runNamedKeysCommand(
  config: Config,
  { namespace, act, days, log }: NamedKeysCommand & { log: Logger },
): Promise<Awaited<ReturnType<typeof listNamedKeys>>> {
  const databaseUrl = config.databaseUrl ?? findDatabaseUrl(path.join(config.dataDir, 'postgres'))
  const engine = await createEngine({ ...config, databaseUrl }, { log, role: 'cli' })
  try {
    if (act !== null) await ACTS[act.verb](engine, COMMAND_LINE, { namespace, name: act.name, days })
    return await listNamedKeys(engine, COMMAND_LINE, { namespace })
  } catch (error) {
    if (error instanceof StorageError && error.status < 500) throw new StartupError(error.message, { cause: error })
    throw error
  } finally {
    await engine.close()
  }
}

/** A line a key: name, state, id. */
export function formatNamedKeys(keys: Awaited<ReturnType<typeof listNamedKeys>>): string {
  return keys
    .map(({ name, state, id, deleteAt }) => `${name}\t${state}${deleteAt === null ? '' : ` ${deleteAt}`}\t${id}\n`)
    .join('')
}

import { COMMAND_LINE } from '#storage-engine/command-line-actor.ts'
import type { Config } from '#storage-engine/config.ts'
import type { Logger } from '#storage-engine/log.ts'
import {
  createNamedKey,
  deleteNamedKey,
  disableNamedKey,
  enableNamedKey,
  keepNamedKey,
  listNamedKeys,
  rotateNamedKey,
} from '#storage-engine/service/named-keys.ts'
import { withInstallation } from '#storage-engine/with-installation.ts'

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
export function runNamedKeysCommand(
  config: Config,
  { namespace, act, days, log }: NamedKeysCommand & { log: Logger },
): Promise<Awaited<ReturnType<typeof listNamedKeys>>> {
  return withInstallation(config, log, async (engine) => {
    if (act !== null) await ACTS[act.verb](engine, COMMAND_LINE, { namespace, name: act.name, days })
    return listNamedKeys(engine, COMMAND_LINE, { namespace })
  })
}

/** A line a key: name, state, id. */
export function formatNamedKeys(keys: Awaited<ReturnType<typeof listNamedKeys>>): string {
  return keys
    .map(({ name, state, id, deleteAt }) => `${name}\t${state}${deleteAt === null ? '' : ` ${deleteAt}`}\t${id}\n`)
    .join('')
}

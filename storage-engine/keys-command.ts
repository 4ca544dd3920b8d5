import { COMMAND_LINE } from '#storage-engine/command-line-actor.ts'
import type { Config } from '#storage-engine/config.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StartupError } from '#storage-engine/errors.ts'
import type { Logger } from '#storage-engine/log.ts'
import {
  changeNamespaceKeys,
  getNamespaceKeys,
  getShredRecord,
  keepShreddedNamespace,
  scheduleNamespaceShred,
} from '#storage-engine/service/encryption-keys.ts'
import { changeRootKeys, getRootKeys } from '#storage-engine/service/encryption-root.ts'
import { withInstallation } from '#storage-engine/with-installation.ts'

export interface KeysCommand {
  act: KeysAct | null
  /** Null for the root keys. */
  namespace: string | null
  version: number | undefined
  days: number
  confirm: string | undefined
}

type KeysInput = KeysCommand & { namespace: string; confirm: string }

const ROOT_ACTS = {
  'rotate-root': async (engine: Engine, { confirm }: KeysCommand) => {
    const { rootKeys } = await getRootKeys(engine, COMMAND_LINE)
    return changeRootKeys(engine, COMMAND_LINE, { action: 'rotate', confirm: confirm ?? rootKeys[0]?.id ?? '' })
  },
  'retire-root': (engine: Engine, { confirm = '', version }: KeysCommand) =>
    changeRootKeys(engine, COMMAND_LINE, { action: 'retire', version, confirm }),
}

const NAMESPACE_ACTS = {
  rotate: (engine: Engine, { namespace }: KeysInput) =>
    changeNamespaceKeys(engine, COMMAND_LINE, { namespace, action: 'rotate' }),
  rewrap: (engine: Engine, { namespace }: KeysInput) =>
    changeNamespaceKeys(engine, COMMAND_LINE, { namespace, action: 'rewrap' }),
  retire: (engine: Engine, { namespace, version, confirm }: KeysInput) =>
    changeNamespaceKeys(engine, COMMAND_LINE, { namespace, action: 'retire', version, confirm }),
  shred: (engine: Engine, { namespace, days, confirm }: KeysInput) =>
    scheduleNamespaceShred(engine, COMMAND_LINE, { namespace, days, confirm }),
  keep: (engine: Engine, { namespace }: KeysInput) => keepShreddedNamespace(engine, COMMAND_LINE, { namespace }),
  record: (engine: Engine, { namespace }: KeysInput) => getShredRecord(engine, COMMAND_LINE, { namespace }),
}

export type KeysAct = keyof typeof ROOT_ACTS | keyof typeof NAMESPACE_ACTS
const ACTS = [...Object.keys(ROOT_ACTS), ...Object.keys(NAMESPACE_ACTS)] as KeysAct[]

type RootKeys = Awaited<ReturnType<typeof getRootKeys>>
type NamespaceKeys = Awaited<ReturnType<typeof getNamespaceKeys>>
type KeysAnswer = RootKeys | NamespaceKeys | Record<string, unknown>

/** Throws StartupError for a word that is no act. */
export function parseKeysAct(word: string | undefined): KeysAct | null {
  if (word === undefined) return null
  if ((ACTS as string[]).includes(word)) return word as KeysAct
  throw new StartupError(`sceau keys knows ${ACTS.join(', ')}, not ${word}. See sceau help.`)
}

/**
 * Changes or shows the root keys, or the keys of a namespace, of a running installation. Throws StartupError, which says why
 * nothing was done.
 */
export function runKeysCommand(config: Config, input: KeysCommand & { log: Logger }): Promise<KeysAnswer> {
  return withInstallation(config, input.log, (engine) => run(engine, input))
}

function run(engine: Engine, input: KeysCommand): Promise<KeysAnswer> {
  const { act, namespace } = input
  if (act !== null && act in ROOT_ACTS) return ROOT_ACTS[act as keyof typeof ROOT_ACTS](engine, input)
  if (namespace === null) {
    if (act === null) return getRootKeys(engine, COMMAND_LINE)
    throw new StartupError(`Say whose keys: sceau keys ${act} --namespace NAME.`)
  }
  if (act === null) return getNamespaceKeys(engine, COMMAND_LINE, { namespace })
  const { confirm = '' } = input
  return NAMESPACE_ACTS[act as keyof typeof NAMESPACE_ACTS](engine, { ...input, namespace, confirm })
}

/** A line a key: version, state, how many keys it wraps, and of root keys the id; then what is under way. */
export function formatKeys(answer: KeysAnswer): string {
  if ('rootKeys' in answer) return formatRootKeys(answer as RootKeys)
  if ('keys' in answer && 'rewrap' in answer) return formatNamespaceKeys(answer as NamespaceKeys)
  return `${JSON.stringify(answer, null, 2)}\n`
}

function formatRootKeys({ rootKeys, rotation, provider }: RootKeys): string {
  const lines = rootKeys.map(({ id, version, state, wrappedCount }) => `${version}\t${state}\t${wrappedCount}\t${id}`)
  const end = rotation === null ? [] : [`rotation ${rotation.state}\t${rotation.doneCount} of ${rotation.totalCount}`]
  return `${[`${provider.kind} ${provider.location}\t${provider.health}`, ...lines, ...end].join('\n')}\n`
}

function formatNamespaceKeys({ keys, rewrap, shred }: NamespaceKeys): string {
  const lines = keys.map(({ version, state, dataKeyCount }) => `${version}\t${state}\t${dataKeyCount}`)
  if (rewrap !== null) lines.push(`rewrap ${rewrap.state}\t${rewrap.doneCount} of ${rewrap.totalCount}`)
  if (shred !== null) lines.push(`shred ${shred.state}\t${shred.destroyedAt ?? shred.dueAt}`)
  return `${lines.join('\n')}\n`
}

import { type Actor, requireAdministrator } from '#storage-engine/accounts/actor.ts'
import { audited } from '#storage-engine/accounts/audited.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { countDataKeys } from '#storage-engine/metadata/data-keys.ts'
import { findLastRewrap, type KeyRewrap } from '#storage-engine/metadata/key-rewraps.ts'
import { listNamespaceKeys } from '#storage-engine/metadata/namespace-keys.ts'
import { findShred, type NamespaceShred } from '#storage-engine/metadata/namespace-shreds.ts'
import type { Namespace } from '#storage-engine/metadata/namespaces.ts'
import { retireNamespaceKey, rotateNamespaceKey, startKeyRewrap } from '#storage-engine/namespaces/namespace-keys.ts'
import { keepNamespace, scheduleShred } from '#storage-engine/namespaces/shred-namespace.ts'
import { readNotice } from '#storage-engine/notice.ts'
import { requireNamespace } from '#storage-engine/service/require-namespace.ts'
import { SharedWork } from '#storage-engine/service/shared-work.ts'

/** Of data keys, by namespace: it takes as long as there are versions. */
const counts = new SharedWork<Map<number, number>>()

/**
 * The versions of a namespace's key, newest first, and how many data keys each wraps: counted now, row by row, and once for
 * all who look at the same time. Throws AccessDenied, NoSuchNamespace.
 */
export async function getNamespaceKeys(engine: Engine, actor: Actor, { namespace }: { namespace: string }) {
  requireAdministrator(actor)
  const found = await requireNamespace(engine, namespace)
  const { id: namespaceId } = found
  return describe(
    engine,
    found,
    counts.run(namespaceId, () => countDataKeys(engine.db, { namespaceId })),
  )
}

export interface ChangeNamespaceKeys {
  namespace: string
  action: 'rotate' | 'rewrap' | 'retire'
  /** To retire. */
  version?: number | undefined
  /** To retire: the namespace's exact name. */
  confirm?: string | undefined
}

/**
 * Makes a new version, wraps data keys under the newest one, or destroys a version that wraps nothing.
 * Throws AccessDenied, NoSuchNamespace, ConfirmationMismatch, NoSuchKeyVersion, KeyIsInUse, KeysAreChanging.
 */
export async function changeNamespaceKeys(engine: Engine, actor: Actor, input: ChangeNamespaceKeys) {
  requireAdministrator(actor)
  const { action, version = 0 } = input
  const namespace = await requireNamespace(engine, input.namespace)
  const { id: namespaceId, name } = namespace
  const run = {
    rotate: () => rotateNamespaceKey(engine, { namespaceId }),
    rewrap: () => startKeyRewrap(engine, { namespaceId, startedBy: actor.username }),
    retire: async () => {
      if (input.confirm !== name) throw new StorageError('ConfirmationMismatch')
      await retireNamespaceKey(engine, { namespaceId, version })
    },
  }
  const details = action === 'retire' ? { version } : {}
  await audited(engine, actor, { namespaceId, action: `namespace-key.${action}`, target: name, details }, async () => {
    await run[action]()
  })
  return describe(engine, namespace)
}

/**
 * Orders the destruction of all keys of a namespace after `days`; `confirm` is its exact name. Throws AccessDenied,
 * NoSuchNamespace, ConfirmationMismatch, InvalidArgument, KeyIsInUse (locked objects), KeysAreChanging.
 */
export async function scheduleNamespaceShred(
  engine: Engine,
  actor: Actor,
  { namespace: wanted, days, confirm }: { namespace: string; days: number; confirm: string },
) {
  requireAdministrator(actor)
  const namespace = await requireNamespace(engine, wanted)
  const { id: namespaceId, name } = namespace
  await audited(
    engine,
    actor,
    { namespaceId, action: 'namespace.shred', target: name, details: { days } },
    async () => {
      if (confirm !== name) throw new StorageError('ConfirmationMismatch')
      await scheduleShred(engine, { namespaceId, days, scheduledBy: actor.username })
    },
  )
  return describe(engine, namespace)
}

/** Takes the order back. Throws AccessDenied, NoSuchNamespace, KeysAreChanging when there is none. */
export async function keepShreddedNamespace(
  engine: Engine,
  actor: Actor,
  { namespace: wanted }: { namespace: string },
) {
  requireAdministrator(actor)
  const namespace = await requireNamespace(engine, wanted)
  const { id: namespaceId, name } = namespace
  await audited(engine, actor, { namespaceId, action: 'namespace.keep', target: name }, () =>
    keepNamespace(engine, { namespaceId }),
  )
  return describe(engine, namespace)
}

/** The signed record of a destruction. Throws AccessDenied, NoSuchNamespace, NoSuchRecord when the keys are not destroyed. */
export async function getShredRecord(engine: Engine, actor: Actor, { namespace }: { namespace: string }) {
  requireAdministrator(actor)
  const { id: namespaceId } = await requireNamespace(engine, namespace)
  const shred = await findShred(engine.db, { namespaceId })
  if (shred === null || shred.record === null) throw new StorageError('NoSuchRecord')
  return shred.record
}

/** After a change it is counted anew. */
async function describe(
  { db }: Engine,
  { id: namespaceId }: Namespace,
  counted: Promise<Map<number, number>> = countDataKeys(db, { namespaceId }),
) {
  const [keys, counts, rewrap, shred] = await Promise.all([
    listNamespaceKeys(db, { namespaceId }),
    counted,
    findLastRewrap(db, { namespaceId }),
    findShred(db, { namespaceId }),
  ])
  return {
    keys: keys.toReversed().map(({ version, state, createdAt, retiredAt }) => ({
      version,
      state: state === 'shredded' ? ('retired' as const) : state,
      createdAt: createdAt.toISOString(),
      retiredAt: retiredAt?.toISOString() ?? null,
      dataKeyCount: counts.get(version) ?? 0,
    })),
    rewrap: rewrap === null ? null : describeRewrap(rewrap),
    shred: shred === null ? null : describeShred(shred),
  }
}

function describeRewrap({ state, doneCount, totalCount, message }: KeyRewrap) {
  return { state, doneCount, totalCount, ...readNotice(message) }
}

function describeShred({ state, scheduledBy, scheduledAt, dueAt, destroyedAt, message }: NamespaceShred) {
  return {
    state: state === 'done' ? ('done' as const) : ('scheduled' as const),
    scheduledBy,
    scheduledAt: scheduledAt.toISOString(),
    dueAt: dueAt.toISOString(),
    destroyedAt: destroyedAt?.toISOString() ?? null,
    ...readNotice(message),
  }
}

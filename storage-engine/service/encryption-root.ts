import { type Actor, requireAdministrator } from '#storage-engine/accounts/actor.ts'
import { audited } from '#storage-engine/accounts/audited.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { listRootKeyStates, retireRootKey, rotateRootKey } from '#storage-engine/namespaces/root-keys.ts'

/**
 * The root provider, its keys, and how much each of them wraps: counted now, record by record. Throws AccessDenied and
 * ServiceUnavailable.
 */
export async function getRootKeys(engine: Engine, actor: Actor) {
  requireAdministrator(actor)
  return describe(engine)
}

export interface ChangeRootKeys {
  action: 'rotate' | 'retire'
  /** To retire: which one. */
  id?: string | undefined
  version?: number | undefined
  /** To retire: the key's id once more. */
  confirm?: string | undefined
}

/**
 * Rotates the root key, or takes one away that wraps nothing any more. Throws AccessDenied, ConfirmationMismatch,
 * NoSuchKeyVersion, KeyIsInUse, NotImplemented (where only the provider's own administrator can) and ServiceUnavailable.
 */
export async function changeRootKeys(engine: Engine, actor: Actor, input: ChangeRootKeys) {
  requireAdministrator(actor)
  const { action, id = '', version = 0, confirm } = input
  const run = {
    rotate: async () => {
      const { isNew } = await rotateRootKey(engine)
      if (!isNew) throw new StorageError('NotImplemented', { message: NOTHING_NEW })
    },
    retire: async () => {
      if (confirm !== id)
        throw new StorageError('ConfirmationMismatch', { message: 'The confirmation does not match the id.' })
      await retireRootKey(engine, { id, version })
    },
  }
  const details = action === 'retire' ? { id, version } : {}
  const act = { namespaceId: null, action: `root-key.${action}`, target: engine.rootProvider.location, details }
  await audited(engine, actor, act, run[action])
  return describe(engine)
}

const NOTHING_NEW = 'This provider makes new root keys by itself: rotate the key there, and it is taken notice of here.'

async function describe(engine: Engine) {
  const { kind, location, rotation } = engine.rootProvider
  const keys = await listRootKeyStates(engine)
  const totalCount = keys.reduce((sum, { wrappedCount }) => sum + wrappedCount, 0)
  const [active] = keys
  const isUnderWay = active !== undefined && active.rewrappedAt === null && keys.length > 1
  return {
    provider: { kind, location, canRotate: rotation !== null },
    rootKeys: keys.map(({ id, version, state, createdAt, retiredAt, neededUntil, wrappedCount }) => ({
      id,
      version,
      state,
      createdAt: createdAt?.toISOString() ?? null,
      retiredAt: retiredAt?.toISOString() ?? null,
      neededUntil: neededUntil?.toISOString() ?? null,
      wrappedCount,
    })),
    rotation:
      keys.length < 2
        ? null
        : {
            state: isUnderWay ? ('running' as const) : ('done' as const),
            doneCount: active?.wrappedCount ?? 0,
            totalCount,
          },
  }
}

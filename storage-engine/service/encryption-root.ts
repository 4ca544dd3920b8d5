import { type Actor, requireAdministrator } from '#storage-engine/accounts/actor.ts'
import { audited } from '#storage-engine/accounts/audited.ts'
import { orUnavailable } from '#storage-engine/crypto/fail-closed.ts'
import type { RootKeyName } from '#storage-engine/crypto/root-provider.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import {
  listRootKeyStates,
  type RootKeyState,
  retireRootKey,
  rotateRootKey,
} from '#storage-engine/namespaces/root-keys.ts'
import { type AttestationKey, getAttestationKey } from '#storage-engine/namespaces/sign-document.ts'
import { SharedWork } from '#storage-engine/service/shared-work.ts'

/** By installation: each record under a root key is looked at. */
const descriptions = new SharedWork<Awaited<ReturnType<typeof describe>>>()

/**
 * Where the root key is, which root keys there are, and how much each of them wraps: counted now, record by record, and once
 * for all who look at the same time. While the provider is out of reach, its keys are those that were noted last. Throws
 * AccessDenied.
 */
export async function getRootKeys(engine: Engine, actor: Actor) {
  requireAdministrator(actor)
  return descriptions.run(engine.clusterId, () => describe(engine))
}

export interface ChangeRootKeys {
  action: 'rotate' | 'retire'
  /** To retire: which version of the key, when there are several of that id. */
  version?: number | undefined
  /** The id of the key that is to be replaced, or taken away. */
  confirm: string
}

/**
 * Rotates the root key, or takes one away that wraps nothing any more. Throws AccessDenied, ConfirmationMismatch,
 * NoSuchKeyVersion, KeyIsInUse, NotImplemented (where only the provider's own administrator can) and ServiceUnavailable.
 */
export async function changeRootKeys(engine: Engine, actor: Actor, { action, version, confirm }: ChangeRootKeys) {
  requireAdministrator(actor)
  const run = {
    rotate: async () => {
      const { id } = await orUnavailable(() => engine.rootProvider.active())
      if (id !== confirm) throw new StorageError('ConfirmationMismatch', { message: OTHER_ID })
      const { isNew } = await rotateRootKey(engine)
      if (!isNew) throw new StorageError('NotImplemented', { message: NOTHING_NEW })
    },
    retire: async () => retireRootKey(engine, await findRetirable(engine, { id: confirm, version })),
  }
  const details = version === undefined ? { id: confirm } : { id: confirm, version }
  const act = { namespaceId: null, action: `root-key.${action}`, target: engine.rootProvider.location, details }
  await audited(engine, actor, act, run[action])
  return describe(engine)
}

const OTHER_ID = 'The confirmation is not the id of the active root key.'
const NOTHING_NEW = 'This provider makes new root keys by itself: rotate the key there, and it is taken notice of here.'

async function findRetirable(
  engine: Engine,
  { id, version }: { id: string; version: number | undefined },
): Promise<RootKeyName> {
  const states = await listRootKeyStates(engine)
  const found = states.filter((key) => key.id === id && (version === undefined || key.version === version))
  const wanted =
    version === undefined && found.length > 1 ? found.filter(({ state }) => state === 'decrypt-only') : found
  if (wanted.length > 1) {
    throw new StorageError('InvalidArgument', {
      message: 'There are several versions of this key: say which one.',
      extra: { ArgumentName: 'version' },
    })
  }
  const [key] = wanted
  if (key === undefined) throw new StorageError('NoSuchKeyVersion')
  return key
}

async function describe(engine: Engine) {
  const { kind, location, rotation } = engine.rootProvider
  // Made when it is first asked for, and then one of what is counted.
  const attestation = await findAttestationKey(engine)
  const [health, keys] = await Promise.all([engine.findRootHealth(), listRootKeyStates(engine)])
  return {
    provider: { kind, location, ...health, canRotate: rotation !== null },
    fips: engine.config.fips === 'on',
    rootKeys: keys.map(({ id, version, state, createdAt, retiredAt, neededUntil, wrappedCount }) => ({
      id,
      version,
      state,
      createdAt: createdAt?.toISOString() ?? null,
      retiredAt: retiredAt?.toISOString() ?? null,
      neededUntil: neededUntil?.toISOString() ?? null,
      wrappedCount,
    })),
    rotation: describeRotation(keys),
    attestation,
  }
}

/** Null while there is none, as the root key that would seal it is out of reach. */
async function findAttestationKey(engine: Engine): Promise<AttestationKey | null> {
  try {
    return await getAttestationKey(engine)
  } catch (error) {
    if (error instanceof StorageError && error.code === 'ServiceUnavailable') return null
    throw error
  }
}

/** Null while there was only one key ever. */
function describeRotation([active, ...others]: RootKeyState[]) {
  if (active === undefined || others.length === 0) return null
  const totalCount = others.reduce((sum, { wrappedCount }) => sum + wrappedCount, active.wrappedCount)
  const state = active.rewrappedAt === null ? ('running' as const) : ('done' as const)
  return { state, doneCount: active.wrappedCount, totalCount, message: null, notice: null }
}

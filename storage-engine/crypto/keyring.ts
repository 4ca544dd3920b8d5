import { createSecretKey, type KeyObject } from 'node:crypto'
import { carryKey, isCarried, parentOfDataKey, unwrapCarriedKey } from '#storage-engine/crypto/carried-key.ts'
import { failClosed, failClosedKeystore } from '#storage-engine/crypto/fail-closed.ts'
import { createOpenedDataKeys, createSharedDataKeys } from '#storage-engine/crypto/kept-data-keys.ts'
import { forgetOpeners } from '#storage-engine/crypto/kept-opener.ts'
import {
  customerDataKeyContext,
  dataKeyContext,
  envelopeContext,
  namedDataKeyContext,
  namedKeyContext,
  type SecretPurpose,
  sharedDataKeyContext,
} from '#storage-engine/crypto/key-context.ts'
import {
  isShared,
  KEY_BYTES,
  type ParentKey,
  parentOf,
  unwrapKey,
  type WrappingKeys,
  wrapKey,
} from '#storage-engine/crypto/key-wrap.ts'
import type { Keystore } from '#storage-engine/crypto/keystore.ts'
import {
  createNamespaceKeyCache,
  type NamespaceKeyCache,
  type NamespaceKeys,
} from '#storage-engine/crypto/namespace-key-cache.ts'
import {
  createNamespaceKeyWrapper,
  type NamespaceKeyPlace,
  type WrappedNamespaceKey,
} from '#storage-engine/crypto/namespace-key-wrapper.ts'
import { fillRandom } from '#storage-engine/crypto/random-pool.ts'
import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { createSecretSealer } from '#storage-engine/crypto/secret-sealer.ts'

/** A data key (L2): seals the bodies of one object version, or of several small ones of a bucket. */
export interface DataKey {
  key: KeyObject
  /** For the version's row: 93 bytes when new. */
  wrapped: Buffer
  namespaceKeyVersion: number
}

/** The object version that a data key belongs to, by immutable ids (UUIDs), and what it opens by besides its namespace's key. */
export interface DataKeyPlace {
  namespaceId: string
  bucketId: string
  versionId: string
  second?: SecondKey | null
}

/** The same for whoever only moves a data key from one namespace key to another, and so needs no second key itself. */
export interface SealedDataKeyPlace extends Omit<DataKeyPlace, 'second'> {
  second: SecondKeyName | null
}

/** Which second key a data key has. */
export type SecondKeyName =
  | { kind: 'customer' }
  | ({ kind: 'named'; encryptionContext: string | null } & Omit<NamedKeyPlace, 'namespaceId'>)

/** A key without which a data key does not open, though its namespace key is there. */
export type SecondKey =
  | { kind: 'customer'; key: KeyObject }
  | ({ kind: 'named'; key: KeyObject; encryptionContext: string | null } & Omit<NamedKeyPlace, 'namespaceId'>)

/** One version of a named key. */
export interface NamedKeyPlace {
  namespaceId: string
  /** UUID. */
  keyId: string
  version: number
}

export interface CreateKeyringInput {
  /** UUID of the installation, bound into every key. */
  clusterId: string
  rootProvider: RootProvider
  keystore: Keystore
  /** All versions of a namespace's key, as stored. */
  loadNamespaceKeys(namespaceId: string): Promise<NamespaceKeys>
  /** Milliseconds; for tests. */
  now?: () => number
}

/**
 * The chain root key → namespace key → data key, and sealed secrets. Everything throws ServiceUnavailable when the root
 * provider is out of reach and the key is not cached (≤ 300 s), SealBrokenError when bytes do not open here.
 */
export interface Keyring {
  /** Makes a namespace key (L1) for the caller to store; its shred token is in the keystore by then. */
  createNamespaceKey(place: NamespaceKeyPlace): Promise<WrappedNamespaceKey>
  /** The same namespace key under the active root key, and with a shred token if it had none. */
  rewrapNamespaceKey(key: NamespaceKeyPlace & WrappedNamespaceKey): Promise<WrappedNamespaceKey>
  /** A shred token's record under the active root key; null when there is no such token. */
  rewrapShredToken(tokenId: string): Promise<Buffer | null>
  /** Makes the material of a named key for the caller to store, under the namespace key as of `keyEpoch` at least. */
  createNamedKey(place: NamedKeyPlace & { keyEpoch: number }): Promise<Omit<DataKey, 'key'>>
  /** Synchronous while the namespace key is cached. AccessDenied once the namespace key is shredded. */
  openNamedKey(input: NamedKeyPlace & { wrapped: Buffer }): KeyObject | Promise<KeyObject>
  /** Named-key material under the active namespace key; null when it is that already. */
  rewrapNamedKey(input: NamedKeyPlace & { wrapped: Buffer; keyEpoch?: number }): Promise<Omit<DataKey, 'key'> | null>
  /**
   * Synchronous while the namespace key is cached and `keyEpoch`, as the bucket's look-up told it, is not younger.
   * ServiceUnavailable when the namespace has no active key.
   */
  createDataKey(place: DataKeyPlace & { keyEpoch?: number }): DataKey | Promise<DataKey>
  /**
   * A data key for one more small object of a bucket: as createDataKey, but up to a thousand versions get the same one, for
   * 300 s at most.
   */
  shareDataKey(place: Omit<DataKeyPlace, 'versionId' | 'second'> & { keyEpoch?: number }): DataKey | Promise<DataKey>
  /** The same for a data key that is open already, and was wrapped under a version that is retired by now. */
  wrapDataKey(place: DataKeyPlace & { keyEpoch: number; key: KeyObject }): Promise<DataKey>
  /** Synchronous while the namespace key is cached. AccessDenied once the namespace key is shredded. */
  openDataKey(input: DataKeyPlace & { wrapped: Buffer; namespaceKeyVersion: number }): KeyObject | Promise<KeyObject>
  /** A data key under the active namespace key, as of `keyEpoch` at least; null when it is that already. Needs no second key. */
  rewrapDataKey(
    input: SealedDataKeyPlace & { wrapped: Buffer; keyEpoch?: number },
  ): Promise<Omit<DataKey, 'key'> | null>
  /** Seals at most 64 KiB; `context` says whose secret it is, and only the same purpose and context open it. */
  sealSecret(input: { purpose: SecretPurpose; context: string; plain: Buffer }): Promise<Buffer>
  openSecret(input: { purpose: SecretPurpose; context: string; sealed: Buffer }): Promise<Buffer>
  /** Drops every unwrapped key, for a revocation that must not wait. */
  forgetKeys(): void
}

export function createKeyring(input: CreateKeyringInput): Keyring {
  const { clusterId } = input
  const now = input.now ?? Date.now
  const root = failClosed(input.rootProvider)
  const wrapper = createNamespaceKeyWrapper({ clusterId, root, keystore: failClosedKeystore(input.keystore) })
  const namespaceKeys = createNamespaceKeyCache({
    load: input.loadNamespaceKeys,
    unwrap: async (key) => secretKeyFrom(await wrapper.unwrap(key)),
    now,
  })
  const sharedKeys = createSharedDataKeys<DataKey>()
  const openedKeys = createOpenedDataKeys()
  const secrets = createSecretSealer({
    wrap: (purpose, key) => root.wrap({ context: envelopeContext({ clusterId, purpose }), key }),
    unwrap: (purpose, record) => root.unwrap({ context: envelopeContext({ clusterId, purpose }), record }),
    now,
  })

  function openUnder(parent: ParentKey, place: DataKeyPlace & { wrapped: Buffer }): KeyObject {
    const record = place.wrapped
    const open = () => openKey({ parent, ...bind(clusterId, place, record), record })
    // What needs a second key is never kept: each reader has to bring that key.
    const needsSecond = place.second !== undefined && place.second !== null
    return needsSecond ? open() : openedKeys.find({ parent, place, record }, open)
  }

  return {
    createNamespaceKey: wrapper.create,
    rewrapNamespaceKey: wrapper.rewrap,
    rewrapShredToken: wrapper.rewrapToken,
    ...createRewrapper({ clusterId, namespaceKeys }),
    async createNamedKey({ keyEpoch, ...place }) {
      const parent = await namespaceKeys.getActive(place.namespaceId, keyEpoch)
      const { wrapped } = createKeyUnder({ parent, context: namedKeyContext({ clusterId, ...place }) })
      return { wrapped, namespaceKeyVersion: parent.version }
    },
    openNamedKey({ wrapped, ...place }) {
      const context = namedKeyContext({ clusterId, ...place })
      const parent = namespaceKeys.getVersion(place.namespaceId, parentOf(wrapped).version)
      return parent instanceof Promise
        ? parent.then((loaded) => openKey({ parent: loaded, context, record: wrapped }))
        : openKey({ parent, context, record: wrapped })
    },
    createDataKey({ keyEpoch = 0, ...place }) {
      const bound = bindToVersion(clusterId, place)
      const parent = namespaceKeys.getActive(place.namespaceId, keyEpoch)
      return parent instanceof Promise
        ? parent.then((loaded) => createDataKeyUnder({ parent: loaded, ...bound }))
        : createDataKeyUnder({ parent, ...bound })
    },
    shareDataKey({ keyEpoch = 0, ...place }) {
      const take = (parent: ParentKey) =>
        sharedKeys.take(parent, place.bucketId, () => createDataKeyUnder({ parent, ...bindToBucket(clusterId, place) }))
      const parent = namespaceKeys.getActive(place.namespaceId, keyEpoch)
      return parent instanceof Promise ? parent.then(take) : take(parent)
    },
    openDataKey(input) {
      const parent = namespaceKeys.getVersion(input.namespaceId, input.namespaceKeyVersion)
      return parent instanceof Promise ? parent.then((loaded) => openUnder(loaded, input)) : openUnder(parent, input)
    },
    sealSecret: secrets.seal,
    openSecret: secrets.open,
    forgetKeys() {
      namespaceKeys.forget()
      sharedKeys.forget()
      openedKeys.forget()
      forgetOpeners()
      secrets.forget()
    },
  }
}

/** Puts keys that are wrapped by a namespace key under its newest version. */
function createRewrapper(input: {
  clusterId: string
  namespaceKeys: NamespaceKeyCache
}): Pick<Keyring, 'rewrapNamedKey' | 'rewrapDataKey' | 'wrapDataKey'> {
  const { clusterId, namespaceKeys } = input
  async function rewrap(key: {
    namespaceId: string
    keyEpoch?: number
    record: Buffer
    bound: BoundKey
    /** Whether a second key is needed to open it, which is not here. */
    isCarried?: boolean
  }): Promise<Omit<DataKey, 'key'> | null> {
    const { namespaceId, keyEpoch = 0, record, bound, isCarried: needsSecond = false } = key
    const to = await namespaceKeys.getActive(namespaceId, keyEpoch)
    const { version } = parentOfDataKey(record)
    if (version === to.version) return null
    const from = await namespaceKeys.getVersion(namespaceId, version)
    if (needsSecond) {
      return { wrapped: carryKey({ from, to, context: bound.context, record }), namespaceKeyVersion: to.version }
    }
    const opened = unwrapKey({ parent: from, ...bound, record })
    try {
      return { wrapped: wrapKey({ parent: to, ...bound, key: opened }), namespaceKeyVersion: to.version }
    } finally {
      opened.fill(0)
    }
  }

  return {
    async rewrapNamedKey({ wrapped, ...place }) {
      return rewrap({ ...place, record: wrapped, bound: { context: namedKeyContext({ clusterId, ...place }) } })
    },
    async wrapDataKey({ key, keyEpoch, ...place }) {
      const bound = bindToVersion(clusterId, place)
      const parent = await namespaceKeys.getActive(place.namespaceId, keyEpoch)
      const bytes = key.export()
      const wrapped = wrapKey({ ...bound, parent, key: bytes })
      bytes.fill(0)
      return { key, wrapped, namespaceKeyVersion: parent.version }
    },
    rewrapDataKey({ wrapped, second, ...place }) {
      const isCarried = second !== null
      const bound = isSharedBy(second, wrapped)
        ? bindToBucket(clusterId, place)
        : { context: dataKeyContextOf(clusterId, { ...place, second }) }
      return rewrap({ ...place, record: wrapped, bound, isCarried })
    },
  }
}

/** A key's bytes are here between its making and its wrapping, and no longer: one buffer for all, never two at once. */
const scratch = Buffer.alloc(KEY_BYTES)

function createDataKeyUnder(keys: WrappingKeys): DataKey {
  return { ...createKeyUnder(keys), namespaceKeyVersion: keys.parent.version }
}

function createKeyUnder(keys: WrappingKeys): { key: KeyObject; wrapped: Buffer } {
  fillRandom(scratch, 0, KEY_BYTES)
  const wrapped = wrapKey({ ...keys, key: scratch })
  return { key: secretKeyFrom(scratch), wrapped }
}

function openKey(input: WrappingKeys & { record: Buffer }): KeyObject {
  return secretKeyFrom(isCarried(input.record) ? unwrapCarriedKey(input) : unwrapKey(input))
}

/** What a data key is wrapped for. */
type BoundKey = Omit<WrappingKeys, 'parent'>

/** Of a record that is there already, which says whether several versions share its key. */
function bind(clusterId: string, place: DataKeyPlace, record: Buffer): BoundKey {
  return isSharedBy(place.second, record) ? bindToBucket(clusterId, place) : bindToVersion(clusterId, place)
}

/** The second key of a data key, and a context that says which kind it is, so that one kind never passes for another. */
function bindToVersion(clusterId: string, place: DataKeyPlace): BoundKey {
  const context = dataKeyContextOf(clusterId, place)
  return place.second === undefined || place.second === null ? { context } : { second: place.second.key, context }
}

function bindToBucket(clusterId: string, place: Omit<DataKeyPlace, 'versionId'>): BoundKey {
  return { context: sharedDataKeyContext({ clusterId, ...place }), isShared: true }
}

/** Throws SealBrokenError of a key that needs a second one: such a key is never shared. */
function isSharedBy(second: SecondKeyName | null | undefined, record: Buffer): boolean {
  if (!isShared(record)) return false
  if (second !== undefined && second !== null) throw new SealBrokenError('A shared data key has no second key.')
  return true
}

function dataKeyContextOf(
  clusterId: string,
  place: Omit<DataKeyPlace, 'second'> & { second?: SecondKeyName | null },
): Buffer {
  const { second, namespaceId, bucketId, versionId } = place
  const owner = { clusterId, namespaceId, bucketId, versionId }
  if (second === undefined || second === null) return dataKeyContext(owner)
  return second.kind === 'customer' ? customerDataKeyContext(owner) : namedDataKeyContext({ ...second, ...owner })
}

/** A KeyObject shows nothing of itself when it is logged; the bytes it was made from are wiped. */
function secretKeyFrom(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

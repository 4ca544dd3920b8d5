import { createHash, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import {
  canaryContext,
  customerDataKeyContext,
  dataKeyContext,
  envelopeContext,
  namedDataKeyContext,
  namedKeyContext,
  namespaceKeyContext,
  type SecretPurpose,
} from '#storage-engine/crypto/key-context.ts'
import {
  KEY_BYTES,
  type ParentKey,
  parentOf,
  unwrapKey,
  type WrappingKeys,
  wrapKey,
} from '#storage-engine/crypto/key-wrap.ts'
import { createNamespaceKeyCache, type NamespaceKeyRow } from '#storage-engine/crypto/namespace-key-cache.ts'
import { fillRandom } from '#storage-engine/crypto/random-pool.ts'
import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { createSecretSealer } from '#storage-engine/crypto/secret-sealer.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** A data key (L2): seals the bodies of one object version. */
export interface DataKey {
  key: KeyObject
  /** 93 bytes for the version's row. */
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
  /** All versions of a namespace's key, as stored. */
  loadNamespaceKeys(namespaceId: string): Promise<NamespaceKeyRow[]>
  /** Milliseconds; for tests. */
  now?: () => number
}

/**
 * The chain root key → namespace key → data key, and sealed secrets. Everything throws ServiceUnavailable when the root
 * provider is out of reach and the key is not cached (≤ 300 s), SealBrokenError when bytes do not open here.
 */
export interface Keyring {
  /** Makes a namespace key (L1) for the caller to store. */
  createNamespaceKey(input: { namespaceId: string; version: number }): Promise<{ wrappedKey: Buffer }>
  /** Makes the material of a named key for the caller to store, 93 bytes. */
  createNamedKey(place: NamedKeyPlace): Promise<Buffer>
  /** Synchronous while the namespace key is cached. AccessDenied once the namespace key is shredded. */
  openNamedKey(input: NamedKeyPlace & { wrapped: Buffer }): KeyObject | Promise<KeyObject>
  /** Synchronous while the namespace key is cached. ServiceUnavailable when the namespace has no active key. */
  createDataKey(place: DataKeyPlace): DataKey | Promise<DataKey>
  /** Synchronous while the namespace key is cached. AccessDenied once the namespace key is shredded. */
  openDataKey(input: DataKeyPlace & { wrapped: Buffer; namespaceKeyVersion: number }): KeyObject | Promise<KeyObject>
  /** Seals at most 64 KiB; `context` says whose secret it is, and only the same purpose and context open it. */
  sealSecret(input: { purpose: SecretPurpose; context: string; plain: Buffer }): Promise<Buffer>
  openSecret(input: { purpose: SecretPurpose; context: string; sealed: Buffer }): Promise<Buffer>
  /** A value to store once, by which every later start can tell whether it has the right root key. */
  createCanary(): Promise<Buffer>
  /** False when the root key is not the one that made the canary. */
  checkCanary(canary: Buffer): Promise<boolean>
  /** Drops every unwrapped key, for a revocation that must not wait. */
  forgetKeys(): void
}

export function createKeyring(input: CreateKeyringInput): Keyring {
  const { clusterId } = input
  const now = input.now ?? Date.now
  const root = failClosed(input.rootProvider)
  const canary = createHash('sha256').update(`sceau canary ${clusterId}`).digest()
  const namespaceKeys = createNamespaceKeyCache({
    load: input.loadNamespaceKeys,
    unwrap: async (namespaceId, { version, wrappedKey }) => {
      const context = namespaceKeyContext({ clusterId, namespaceId, version })
      return secretKeyFrom(await root.unwrap({ context, record: wrappedKey }))
    },
    now,
  })
  const dataKeys = createDataKeyOpener()
  const secrets = createSecretSealer({
    wrap: (purpose, key) => root.wrap({ context: envelopeContext({ clusterId, purpose }), key }),
    unwrap: (purpose, record) => root.unwrap({ context: envelopeContext({ clusterId, purpose }), record }),
    now,
  })

  return {
    async createNamespaceKey({ namespaceId, version }) {
      const key = randomKey()
      try {
        return {
          wrappedKey: await root.wrap({ context: namespaceKeyContext({ clusterId, namespaceId, version }), key }),
        }
      } finally {
        key.fill(0)
      }
    },
    async createNamedKey(place) {
      const parent = await namespaceKeys.getActive(place.namespaceId)
      return createKeyUnder({ parent, context: namedKeyContext({ clusterId, ...place }) }).wrapped
    },
    openNamedKey({ wrapped, ...place }) {
      const context = namedKeyContext({ clusterId, ...place })
      const parent = namespaceKeys.getVersion(place.namespaceId, parentOf(wrapped).version)
      return parent instanceof Promise
        ? parent.then((loaded) => openKey({ parent: loaded, context, record: wrapped }))
        : openKey({ parent, context, record: wrapped })
    },
    createDataKey(place) {
      const bound = bind(clusterId, place)
      const parent = namespaceKeys.getActive(place.namespaceId)
      return parent instanceof Promise
        ? parent.then((loaded) => createDataKeyUnder({ parent: loaded, ...bound }))
        : createDataKeyUnder({ parent, ...bound })
    },
    openDataKey({ wrapped, namespaceKeyVersion, ...place }) {
      const bound = bind(clusterId, place)
      const parent = namespaceKeys.getVersion(place.namespaceId, namespaceKeyVersion)
      return parent instanceof Promise
        ? parent.then((loaded) => dataKeys.open({ parent: loaded, ...bound, record: wrapped }))
        : dataKeys.open({ parent, ...bound, record: wrapped })
    },
    sealSecret: secrets.seal,
    openSecret: secrets.open,
    createCanary: () => root.wrap({ context: canaryContext({ clusterId }), key: canary }),
    async checkCanary(record) {
      try {
        return timingSafeEqual(await root.unwrap({ context: canaryContext({ clusterId }), record }), canary)
      } catch (error) {
        if (error instanceof SealBrokenError) return false
        throw error
      }
    },
    forgetKeys() {
      namespaceKeys.forget()
      dataKeys.forget()
      secrets.forget()
    },
  }
}

/** Whatever stops a provider stops the request: there is no other road, least of all one without encryption. */
function failClosed(provider: RootProvider): Pick<RootProvider, 'wrap' | 'unwrap'> {
  async function ask(call: () => Promise<Buffer>): Promise<Buffer> {
    try {
      return await call()
    } catch (cause) {
      if (cause instanceof SealBrokenError) throw cause
      throw new StorageError('ServiceUnavailable', { message: 'The encryption keys are out of reach.', cause })
    }
  }
  return {
    wrap: (input) => ask(() => provider.wrap(input)),
    unwrap: (input) => ask(() => provider.unwrap(input)),
  }
}

/** A megabyte or two: enough for what is hot, too little to slow the collector down. */
const DATA_KEYS_KEPT_MAX = 4096

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
  return secretKeyFrom(unwrapKey(input))
}

/** The second key of a data key, and a context that says which kind it is, so that one kind never passes for another. */
function bind(clusterId: string, { second, ...place }: DataKeyPlace): Omit<WrappingKeys, 'parent'> {
  const owner = { clusterId, ...place }
  if (second === undefined || second === null) return { context: dataKeyContext(owner) }
  const { key } = second
  if (second.kind === 'customer') return { second: key, context: customerDataKeyContext(owner) }
  return { second: key, context: namedDataKeyContext({ ...second, ...owner }) }
}

/**
 * Opens data keys, and keeps those of the objects read last: many reads go to few objects, and a large one is read in many
 * ranges. A kept key counts only beside the very parent that opened it, so it is forgotten with the namespace key. What
 * needs a second key is never kept: each reader has to bring that key.
 */
function createDataKeyOpener() {
  const kept = new LRUCache<string, { parent: ParentKey; key: KeyObject }>({ max: DATA_KEYS_KEPT_MAX })
  return {
    open(input: WrappingKeys & { record: Buffer }): KeyObject {
      if (input.second !== undefined) return openKey(input)
      const { parent, context, record } = input
      const id = record.toString('latin1') + context.toString('latin1')
      const found = kept.get(id)
      if (found?.parent === parent) return found.key
      const key = openKey(input)
      kept.set(id, { parent, key })
      return key
    },
    forget: () => kept.clear(),
  }
}

function randomKey(): Buffer {
  const key = Buffer.alloc(KEY_BYTES)
  fillRandom(key, 0, KEY_BYTES)
  return key
}

/** A KeyObject shows nothing of itself when it is logged; the bytes it was made from are wiped. */
function secretKeyFrom(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

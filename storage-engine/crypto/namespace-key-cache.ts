import type { KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { writeUuids } from '#storage-engine/crypto/blob-aad.ts'
import type { ParentKey } from '#storage-engine/crypto/key-wrap.ts'
import type { NamespaceKeyPlace, WrappedNamespaceKey } from '#storage-engine/crypto/namespace-key-wrapper.ts'
import { DESTROYED } from '#storage-engine/crypto/namespace-key-wrapper.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** How long an unwrapped key is kept: the documented delay of a revocation. */
export const KEY_CACHE_MS = 300_000
const NAMESPACE_COUNT_MAX = 10_000

export interface NamespaceKeyRow {
  version: number
  state: 'active' | 'decrypt-only' | 'retired' | 'shredded'
  /** Null once it is destroyed. */
  wrappedKey: Buffer | null
  /** The shred token that it needs besides the root key; null of keys from before there were tokens. */
  tokenId: string | null
}

/** All versions of a namespace's key, as they were when the namespace's key epoch was this. */
export interface NamespaceKeys {
  epoch: number
  rows: NamespaceKeyRow[]
}

interface NamespaceEntry extends NamespaceKeys {
  activeVersion: number | null
  /** The versions unwrapped so far. */
  parents: Map<number, ParentKey>
  expiresAt: number
}

export interface NamespaceKeyCache {
  /**
   * The key that seals new data, as of key epoch `epoch` at least. Synchronous while cached. ServiceUnavailable when the
   * namespace has none.
   */
  getActive(namespaceId: string, epoch: number): ParentKey | Promise<ParentKey>
  /** The key that sealed older data. Synchronous while cached. AccessDenied once it is shredded. */
  getVersion(namespaceId: string, version: number): ParentKey | Promise<ParentKey>
  forget(): void
}

/** Unwrapped namespace keys, each kept for at most 300 s. A failure is never kept, and never replaced by an old key. */
export function createNamespaceKeyCache(source: {
  load(namespaceId: string): Promise<NamespaceKeys>
  unwrap(key: NamespaceKeyPlace & WrappedNamespaceKey): Promise<KeyObject>
  now(): number
}): NamespaceKeyCache {
  const entries = new LRUCache<string, NamespaceEntry>({ max: NAMESPACE_COUNT_MAX })
  const loads = new Map<string, Promise<NamespaceEntry>>()

  function findFresh(namespaceId: string): NamespaceEntry | undefined {
    const entry = entries.get(namespaceId)
    return entry !== undefined && source.now() < entry.expiresAt ? entry : undefined
  }

  /** Many requests that miss at once wait for one load. */
  function load(namespaceId: string): Promise<NamespaceEntry> {
    const running = loads.get(namespaceId)
    if (running !== undefined) return running
    const started = loadEntry(namespaceId).then(
      (entry) => {
        // Not after forget(): this load may have read what was to be forgotten.
        if (loads.get(namespaceId) === started) {
          loads.delete(namespaceId)
          entries.set(namespaceId, entry)
        }
        return entry
      },
      (error) => {
        if (loads.get(namespaceId) === started) loads.delete(namespaceId)
        throw error
      },
    )
    loads.set(namespaceId, started)
    return started
  }

  async function loadEntry(namespaceId: string): Promise<NamespaceEntry> {
    const expiresAt = source.now() + KEY_CACHE_MS
    const keys = await source.load(namespaceId)
    const active = keys.rows.find((row) => row.state === 'active')
    const entry: NamespaceEntry = { ...keys, activeVersion: active?.version ?? null, parents: new Map(), expiresAt }
    if (active !== undefined) await unwrapInto(entry, namespaceId, active)
    return entry
  }

  async function unwrapInto(entry: NamespaceEntry, namespaceId: string, row: NamespaceKeyRow): Promise<ParentKey> {
    const { version, wrappedKey, tokenId } = row
    if (wrappedKey === null) throw new StorageError('AccessDenied', { message: DESTROYED })
    const id = Buffer.alloc(16)
    writeUuids(id, [namespaceId], 0)
    const parent = { id, version, key: await source.unwrap({ namespaceId, version, wrappedKey, tokenId }) }
    entry.parents.set(version, parent)
    return parent
  }

  async function loadActive(namespaceId: string, epoch: number): Promise<ParentKey> {
    let entry = await load(namespaceId)
    // A load that was under way may have read the keys before they changed.
    if (entry.epoch < epoch) entry = await load(namespaceId)
    return activeOf(entry) ?? Promise.reject(new StorageError('ServiceUnavailable', { message: NO_ACTIVE_KEY }))
  }

  async function loadVersion(namespaceId: string, version: number): Promise<ParentKey> {
    let entry = findFresh(namespaceId) ?? (await load(namespaceId))
    // A rotation elsewhere may be younger than what is cached here.
    if (!entry.rows.some((row) => row.version === version)) entry = await load(namespaceId)
    const row = entry.rows.find((each) => each.version === version)
    if (row === undefined) throw new SealBrokenError('The namespace key of these bytes is not known.')
    return entry.parents.get(version) ?? unwrapInto(entry, namespaceId, row)
  }

  return {
    getActive(namespaceId, epoch) {
      const entry = findFresh(namespaceId)
      return (
        (entry !== undefined && entry.epoch >= epoch ? activeOf(entry) : undefined) ?? loadActive(namespaceId, epoch)
      )
    },
    getVersion: (namespaceId, version) =>
      findFresh(namespaceId)?.parents.get(version) ?? loadVersion(namespaceId, version),
    forget() {
      entries.clear()
      loads.clear()
    },
  }
}

const NO_ACTIVE_KEY = 'This namespace has no key to seal new data with.'

function activeOf(entry: NamespaceEntry): ParentKey | undefined {
  return entry.activeVersion === null ? undefined : entry.parents.get(entry.activeVersion)
}

import type { KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { isShared, type ParentKey } from '#storage-engine/crypto/key-wrap.ts'

/** How many object versions one data key may seal, when they share it. */
const SHARED_KEY_USES_MAX = 1000
const SHARING_BUCKETS_MAX = 1000
/** A megabyte or two: enough for what is hot, too little to slow the collector down. */
const OPENED_KEYS_MAX = 4096
/** Where the salt of a record ends (docs/formats/keys.md); a carried record has wrapped bytes there, which serve as well. */
const SALT_END = 53

/** Where a data key belongs, by ids. */
interface Place {
  bucketId: string
  versionId: string
}

/** Data keys that seal new small objects, one a bucket at a time. */
export interface SharedDataKeys<Made> {
  /** `make` is asked for another one when there is none, when it was used up, and under any other parent. */
  take(parent: ParentKey, bucketId: string, make: () => Made): Made
  forget(): void
}

/** A shared key lives no longer than the unwrapped namespace key that it was made under, which is 300 s at most. */
export function createSharedDataKeys<Made>(): SharedDataKeys<Made> {
  const kept = new LRUCache<string, { parent: ParentKey; made: Made; usesLeft: number }>({ max: SHARING_BUCKETS_MAX })
  return {
    take(parent, bucketId, make) {
      const found = kept.get(bucketId)
      if (found?.parent === parent && found.usesLeft > 0) {
        found.usesLeft--
        return found.made
      }
      const made = make()
      kept.set(bucketId, { parent, made, usesLeft: SHARED_KEY_USES_MAX - 1 })
      return made
    },
    forget: () => kept.clear(),
  }
}

/**
 * The data keys of what was read last: many reads go to few objects, a large one is read in many ranges, and small ones
 * share theirs. A kept key counts only at its place and beside the very parent that opened it, so it is forgotten with the
 * namespace key.
 */
export interface OpenedDataKeys {
  /** The key of a record, which `open` opens unless it is kept. */
  find(sealed: { parent: ParentKey; place: Place; record: Buffer }, open: () => KeyObject): KeyObject
  forget(): void
}

export function createOpenedDataKeys(): OpenedDataKeys {
  /** By 28 bits of the record's salt: V8 enters every string that a Map is asked for into a table of its own. */
  const kept = new LRUCache<number, Place & { parent: ParentKey; record: Buffer; key: KeyObject }>({
    max: OPENED_KEYS_MAX,
  })
  return {
    find({ parent, place: { bucketId, versionId }, record }, open) {
      const number = numberOf(record)
      const found = kept.get(number)
      if (found?.parent === parent && found.bucketId === bucketId && found.record.equals(record)) {
        if (found.versionId === versionId || isShared(record)) return found.key
      }
      const key = open()
      kept.set(number, { parent, bucketId, versionId, key, record: Buffer.from(record) })
      return key
    },
    forget: () => kept.clear(),
  }
}

/** Two records may have the same number: all of them is compared. What is no record has one, too, and does not open. */
function numberOf(record: Buffer): number {
  return record.length < SALT_END ? 0 : record.readUInt32BE(SALT_END - 4) >>> 4
}

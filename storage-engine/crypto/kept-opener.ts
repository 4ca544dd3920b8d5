import type { KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type BlobPlace, blobAad } from '#storage-engine/crypto/blob-aad.ts'
import { createOpener, type FloeOpener } from '#storage-engine/crypto/floe.ts'

interface KeptOpener {
  key: KeyObject
  place: BlobPlace
  header: Buffer
  opener: FloeOpener
}

/** A few megabytes: enough for what is hot, too little to slow the collector down. */
const OPENERS_MAX = 4096
/** By number, since V8 enters every string that a Map is asked for into a table of its own: that took a tenth of a read. */
const openers = new LRUCache<number, KeptOpener>({ max: OPENERS_MAX })

/**
 * An opener of the blob at a place: the one of before when key, place and header are those of before. Whoever reads a hot
 * object again, or a large one range after range, need not derive its keys again. Keeps a copy of the header.
 * Throws SealBrokenError as createOpener does.
 */
export function openerFor(input: { key: KeyObject; place: BlobPlace; header: Buffer }): FloeOpener {
  const { key, place } = input
  const number = numberOf(place.blobId)
  const kept = openers.get(number)
  if (kept?.key === key && isSame(kept.place, place) && kept.header.equals(input.header)) return kept.opener
  // Memory of its own: a view of Node's pool would keep all of the pool for as long as the opener is kept.
  const aadInPool = blobAad(place)
  const memory = Buffer.allocUnsafeSlow(input.header.length + aadInPool.length)
  const header = memory.subarray(0, input.header.copy(memory))
  const aad = memory.subarray(header.length)
  aadInPool.copy(aad)
  const opener = createOpener({ key, aad, header })
  openers.set(number, { key, place: { ...place }, header, opener })
  return opener
}

/** Drops them all, with the keys that they hold. */
export function forgetOpeners(): void {
  openers.clear()
}

/** 28 random bits of a UUID, its last seven digits. Two blobs may have the same number: the whole place is compared. */
function numberOf(uuid: string): number {
  let number = 0
  for (let at = uuid.length - 7; at < uuid.length; at++) {
    const code = uuid.charCodeAt(at)
    number = (number << 4) | (((code & 15) + 9 * (code >> 6)) & 15)
  }
  return number
}

function isSame(first: BlobPlace, second: BlobPlace): boolean {
  return (
    first.blobId === second.blobId &&
    first.versionId === second.versionId &&
    first.bucketId === second.bucketId &&
    first.namespaceId === second.namespaceId &&
    first.clusterId === second.clusterId &&
    first.partNumber === second.partNumber &&
    first.kind === second.kind
  )
}

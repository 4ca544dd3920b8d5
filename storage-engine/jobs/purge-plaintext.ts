import type { PurgeReport } from '#storage-engine/blobs/blob-purge.ts'
import type { BlobOwner } from '#storage-engine/blobs/blob-store.ts'
import { FLOE_PARAMETERS } from '#storage-engine/crypto/floe.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { findKnownBlobs } from '#storage-engine/metadata/garbage.ts'
import { CIPHER, formOf } from '#storage-engine/objects/write-body.ts'

/** Who wrote plain bytes just before the switch may be reading them, to seal them. */
const ORPHAN_SECONDS_MAX = 300
/** An upload that began before the switch and gets less than a mebibyte in that time is given up. */
const UNFINISHED_SECONDS_MAX = 900

/**
 * Erases plain bytes of namespaces on all nodes that have no row: they were never committed, or are what a removal or an
 * interrupted move left. The namespaces must be switched on: what was written plain can then never be committed any more.
 */
export function purgePlaintext(
  engine: Engine,
  { namespaceIds, signal }: { namespaceIds: string[]; signal: AbortSignal },
): Promise<PurgeReport> {
  const { orphanGraceSeconds } = engine.config
  return engine.blobs.purge({
    namespaceIds: new Set(namespaceIds),
    isWanted: isPlain,
    findKnown: (blobIds) => findKnownBlobs(engine.db, { blobIds }),
    writtenBefore: before(Math.min(orphanGraceSeconds, ORPHAN_SECONDS_MAX)),
    unfinishedBefore: before(Math.min(orphanGraceSeconds, UNFINISHED_SECONDS_MAX)),
    signal,
  })
}

/** Headers of the first releases do not say it; sealed bytes begin with FLOE's parameters. */
function isPlain({ form }: BlobOwner, head: Buffer): boolean {
  if (form !== 0) return form === formOf(CIPHER.plain)
  return !head.subarray(0, FLOE_PARAMETERS.length).equals(FLOE_PARAMETERS)
}

function before(seconds: number): Date {
  return new Date(Date.now() - seconds * 1000)
}

import type { Engine } from '#storage-engine/engine.ts'
import { purgePlaintext } from '#storage-engine/jobs/purge-plaintext.ts'
import { listLatelyEncrypted } from '#storage-engine/metadata/encryption-migrations.ts'
import {
  expandGarbageUploads,
  findKnownBlobs,
  forgetGarbage,
  pageDueGarbage,
  relocateBlobs,
} from '#storage-engine/metadata/garbage.ts'

const DAY_MS = 86_400_000
const PAGE_SIZE = 1000
/** Each may have 10,000 parts. */
const UPLOADS_PAGE = 20

/**
 * Gives space back: bytes of blobs that were let go longer than the grace ago, bytes that no transaction ever referred
 * to, and the holes in segments. Order matters: bytes go before the rows that name them, so a crash in between only
 * means that the same bytes are removed again.
 */
export async function collectGarbage(engine: Engine, { signal }: { signal: AbortSignal }): Promise<string> {
  const { config, db, blobs } = engine
  const freedBefore = new Date(Date.now() - config.garbageGraceSeconds * 1000)
  let expandedCount = 1
  while (expandedCount > 0 && !signal.aborted) {
    expandedCount = await expandGarbageUploads(db, { freedBefore, limit: UPLOADS_PAGE })
  }
  let removedCount = 0
  while (!signal.aborted) {
    const due = await pageDueGarbage(db, { freedBefore, limit: PAGE_SIZE })
    if (due.length === 0) break
    await blobs.erase(due.filter(({ mustErase }) => mustErase))
    await blobs.remove(due)
    await forgetGarbage(db, { blobIds: due.map(({ blobId }) => blobId) })
    removedCount += due.length
  }
  const report = await blobs.collect({
    findKnown: (blobIds) => findKnownBlobs(db, { blobIds }),
    relocate: (moves) => relocateBlobs(db, { moves }),
    orphansBefore: new Date(Date.now() - config.orphanGraceSeconds * 1000),
    signal,
  })
  await purgeLatelyEncrypted(engine, { signal })
  return `${removedCount} blobs removed, ${report.orphansRemoved} orphans removed, ${report.segmentsCompacted} segments compacted, ${report.bytesReclaimed} bytes reclaimed`
}

/**
 * A gateway may have written plain bytes just before a switch and died, or slept, before it could seal them: they show after
 * the migration found nothing any more.
 */
async function purgeLatelyEncrypted(engine: Engine, { signal }: { signal: AbortSignal }): Promise<void> {
  const namespaceIds = await listLatelyEncrypted(engine.db, { since: new Date(Date.now() - DAY_MS) })
  if (namespaceIds.length > 0 && !signal.aborted) await purgePlaintext(engine, { namespaceIds, signal })
}

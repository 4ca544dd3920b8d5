import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { abortUpload, listStaleUploads } from '#storage-engine/metadata/uploads.ts'

const PAGE_SIZE = 500
const DAY_MS = 86_400_000

/** Ends multipart uploads that nobody completed for `SCEAU_STALE_UPLOAD_DAYS`; their parts become garbage. */
export async function abortStaleUploads(engine: Engine, { signal }: { signal: AbortSignal }): Promise<string> {
  const before = new Date(Date.now() - engine.config.staleUploadDays * DAY_MS)
  let abortedCount = 0
  while (!signal.aborted) {
    const stale = await listStaleUploads(engine.db, { before, limit: PAGE_SIZE })
    for (const { id, bucketId, key } of stale) {
      if (await abortIfOpen(engine, { uploadId: id, bucketId, key })) abortedCount++
    }
    if (stale.length < PAGE_SIZE) break
  }
  return `${abortedCount} uploads aborted`
}

/** Its owner may complete or abort it in the same moment: then there is nothing left to do. */
async function abortIfOpen(
  engine: Engine,
  upload: { bucketId: string; key: string; uploadId: string },
): Promise<boolean> {
  try {
    await abortUpload(engine.db, upload)
    return true
  } catch (error) {
    if (error instanceof StorageError && error.code === 'NoSuchUpload') return false
    throw error
  }
}

import { z } from 'zod'
import type { Engine } from '#storage-engine/engine.ts'
import type { Activity } from '#storage-engine/metadata/activities.ts'
import { findBucket } from '#storage-engine/metadata/buckets.ts'
import { findExistingObjects, listKeysUnder } from '#storage-engine/metadata/object-selections.ts'
import { currentOf, deleteObjects } from '#storage-engine/objects/delete-objects.ts'

const PAGE_KEYS = 1000

export const deletionInput = z.object({
  bucketId: z.uuid(),
  bucketName: z.string(),
  keys: z.array(z.string()),
  prefixes: z.array(z.string()),
})
export type DeletionInput = z.infer<typeof deletionInput>

export interface ActivityProgress {
  signal: AbortSignal
  /** Adds to what is done. */
  report(doneCount: number): Promise<void>
}

/** Deletes the keys, then everything under the prefixes, page by page. Repeating it deletes what is still there. */
export async function performDeletion(engine: Engine, activity: Activity, progress: ActivityProgress): Promise<void> {
  const { bucketId, bucketName, keys, prefixes } = deletionInput.parse(activity.input)
  const bucket = await findBucket(engine.db, { name: bucketName })
  // Deleted meanwhile, and with it all that was to be deleted; perhaps another has its name now.
  if (bucket === null || bucket.id !== bucketId) return
  const existing = await findExistingObjects(engine.db, { bucketId, keys })
  await deletePage(existing.map(({ key }) => key))
  for (const prefix of prefixes) {
    for (let after = ''; !progress.signal.aborted; ) {
      const page = await listKeysUnder(engine.db, { bucketId, prefix, after, limit: PAGE_KEYS })
      await deletePage(page)
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE_KEYS) break
      after = last
    }
  }

  async function deletePage(page: string[]): Promise<void> {
    if (page.length === 0) return
    const { ownerId } = bucket as NonNullable<typeof bucket>
    await deleteObjects(engine, {
      bucket: bucket as NonNullable<typeof bucket>,
      ownerId,
      targets: page.map(currentOf),
      origin: { principalId: `AWS:${activity.startedBy ?? 'console'}`, sourceIp: null, requestId: activity.id },
    })
    await progress.report(page.length)
  }
}

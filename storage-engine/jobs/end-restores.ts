import type { Engine } from '#storage-engine/engine.ts'
import { LIFECYCLE_ORIGIN } from '#storage-engine/jobs/lifecycle-changes.ts'
import { findBucket } from '#storage-engine/metadata/buckets.ts'
import { type DueRestore, endRestores as endVersions, pageDueRestores } from '#storage-engine/metadata/lifecycle.ts'
import { pendingEvents } from '#storage-engine/objects/object-event.ts'

const PAGE_SIZE = 100

/** Archives again what was restored for a time that is over. Nobody could read it any more; now its headers say so too. */
export async function endRestores(engine: Engine, { signal }: { signal: AbortSignal }): Promise<string> {
  let endedCount = 0
  while (!signal.aborted) {
    const due = await pageDueRestores(engine.db, { limit: PAGE_SIZE })
    for (const [bucketId, versions] of byBucket(due)) endedCount += await endInBucket(engine, bucketId, versions)
    if (due.length < PAGE_SIZE) break
  }
  return `${endedCount} restores ended`
}

function byBucket(due: DueRestore[]): Map<string, DueRestore[]> {
  const groups = new Map<string, DueRestore[]>()
  for (const version of due) groups.set(version.bucketId, [...(groups.get(version.bucketId) ?? []), version])
  return groups
}

async function endInBucket(engine: Engine, bucketId: string, versions: DueRestore[]): Promise<number> {
  const bucket = await findBucket(engine.db, { name: versions[0]?.bucketName ?? '' })
  const eventsOf = (key: string) =>
    bucket && pendingEvents(bucket, { key, names: ['ObjectRestore:Delete'], origin: LIFECYCLE_ORIGIN })
  const places = versions.map(({ key, order, versionId }) => ({ key, order, versionId, events: eventsOf(key) }))
  return endVersions(engine.db, { bucketId, places })
}

import type { Engine } from '#storage-engine/engine.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { DeleteCondition } from '#storage-engine/metadata/delete-condition.ts'
import { deleteObject } from '#storage-engine/metadata/delete-objects.ts'
import { deleteVersions } from '#storage-engine/metadata/delete-versions.ts'
import { type EventOrigin, pendingEvents } from '#storage-engine/objects/object-event.ts'

export interface DeleteTarget {
  key: string
  /** As S3 shows it: this version goes for good. Null deletes the key as the bucket's versioning has it. */
  versionId: string | null
  /** What must hold of that version, or of the current one. A missing version meets it: there is nothing to do. */
  condition: DeleteCondition | null
  /** Whether the caller may delete what GOVERNANCE protects, and wants to. */
  mayBypassGovernance: boolean
}

export interface DeleteResult {
  /** `missing`: there was nothing to delete. `locked`: retention or a legal hold forbids it. */
  outcome: 'deleted' | 'missing' | 'locked' | 'condition-failed'
  /** Visible id of the delete marker that was made; null when none was. */
  newDeleteMarker: string | null
  /** The version that went was a delete marker. */
  wasDeleteMarker: boolean
}

export interface DeleteObjectsInput {
  bucket: Bucket
  /** To whom the delete markers belong. */
  ownerId: string
  /** At most 1,000: the doors' limit. */
  targets: DeleteTarget[]
  /** Who asks, for those whom the bucket notifies. Without it nobody hears of it. */
  origin?: EventOrigin | undefined
  /** What the events are called. */
  cause?: 'client' | 'lifecycle'
}

const EVENT_NAMES = {
  client: ['ObjectRemoved:Delete', 'ObjectRemoved:DeleteMarkerCreated'],
  lifecycle: ['LifecycleExpiration:Delete', 'LifecycleExpiration:DeleteMarkerCreated'],
} as const

/**
 * Deletes keys or versions of them, each for itself: what is refused says so in its result. Bytes go later, with the
 * garbage. Results are in the order of the targets. Throws NoSuchBucket, SlowDown, ServiceUnavailable.
 */
export async function deleteObjects(
  engine: Engine,
  { bucket, ownerId, targets: asked, origin, cause = 'client' }: DeleteObjectsInput,
): Promise<DeleteResult[]> {
  const notifies = bucket.settings.notification !== undefined && origin !== undefined
  const targets = notifies
    ? asked.map((target) => ({
        ...target,
        events: pendingEvents(bucket, { key: target.key, names: EVENT_NAMES[cause], origin }),
      }))
    : asked.map((target) => ({ ...target, events: null }))
  const results = new Array<DeleteResult>(targets.length)
  const named = targets.flatMap((target, index) => {
    const { versionId } = target
    return versionId === null ? [] : [{ ...target, versionId, index }]
  })
  if (named.length > 0) {
    const outcomes = await deleteVersions(engine.db, { bucketId: bucket.id, versions: named })
    outcomes.forEach((outcome, place) => {
      results[(named[place] as { index: number }).index] = { ...outcome, newDeleteMarker: null }
    })
  }
  await Promise.all(
    targets.map(async ({ key, versionId, condition, events }, index) => {
      if (versionId !== null) return
      const deleted = await deleteObject(engine.db, { bucket, key, ownerId, condition, events })
      const newDeleteMarker = deleted.outcome === 'deleted' ? deleted.deleteMarker : null
      results[index] = { outcome: deleted.outcome, newDeleteMarker, wasDeleteMarker: false }
    }),
  )
  return results
}

/** A target that asks for nothing but the end of the key's current version. */
export function currentOf(key: string): DeleteTarget {
  return { key, versionId: null, condition: null, mayBypassGovernance: false }
}

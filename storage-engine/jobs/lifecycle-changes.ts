import type { Engine } from '#storage-engine/engine.ts'
import type { LifecycleAction } from '#storage-engine/jobs/lifecycle-action.ts'
import { type LifecycleDeed, logLifecycle, transitionOperation } from '#storage-engine/jobs/lifecycle-log.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { PendingEvents } from '#storage-engine/metadata/events.ts'
import { visibleVersionId } from '#storage-engine/metadata/found-objects.ts'
import { moveVersions, type ScannedVersion, type VersionMove } from '#storage-engine/metadata/lifecycle.ts'
import { type DeleteTarget, deleteObjects } from '#storage-engine/objects/delete-objects.ts'
import { type EventOrigin, pendingEvents } from '#storage-engine/objects/object-event.ts'

/** As AWS names itself in events that no client caused. */
export const LIFECYCLE_ORIGIN: EventOrigin = { principalId: 's3.amazonaws.com', sourceIp: null, requestId: 'lifecycle' }

/** Few enough that clients never wait long for the locks of one transaction. */
const GROUP_SIZE = 100

/**
 * Collects what rules want and does it in groups. Between the look and the deed a key may change: each deed is bound to the
 * version that was looked at, and what is locked stays.
 */
export class LifecycleChanges {
  expired = 0
  removed = 0
  moved = 0
  uploadsAborted = 0
  readonly #engine: Engine
  #deletions: (DeleteTarget & { isExpiry: boolean; size: number })[] = []
  #moves: (VersionMove & { size: number })[] = []
  #deeds: LifecycleDeed[] = []

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** The version is of this bucket. */
  add(bucket: Bucket, version: ScannedVersion, action: LifecycleAction): void {
    const { key, order, versionId, size } = version
    if (action.kind === 'move') {
      this.#moves.push({
        key,
        order,
        versionId,
        size,
        storageClass: action.storageClass,
        events: moveEvents(bucket, version, action.storageClass),
      })
      return
    }
    const isNoncurrent = order !== '0'
    const condition = { storedVersionId: versionId, ...(isNoncurrent && { isNoncurrent: true as const }) }
    // Where nothing is kept, an end is a removal, and removals go in groups.
    const isExpiry = action.kind === 'expire'
    const named = isExpiry && bucket.versioning !== 'unversioned' ? null : visibleVersionId(version)
    this.#deletions.push({ key, versionId: named, condition, mayBypassGovernance: false, isExpiry, size })
  }

  /** An upload of the bucket to which `apply` comes next was ended. */
  addAbort(key: string): void {
    this.uploadsAborted++
    this.#deeds.push({ operation: 'S3.DELETE.UPLOAD', key, versionId: null, size: null })
  }

  /** Does all that was added, which must be of this bucket. */
  async apply(bucket: Bucket): Promise<void> {
    const { db } = this.#engine
    for (const targets of groupsOf(this.#deletions)) {
      const results = await deleteObjects(this.#engine, {
        bucket,
        ownerId: bucket.ownerId,
        targets,
        origin: LIFECYCLE_ORIGIN,
        cause: 'lifecycle',
      })
      for (const [index, { outcome, newDeleteMarker }] of results.entries()) {
        if (outcome !== 'deleted') continue
        const { key, versionId, size, isExpiry } = targets[index] as (typeof targets)[number]
        if (isExpiry) this.expired++
        else this.removed++
        const operation = newDeleteMarker === null ? 'S3.EXPIRE.OBJECT' : 'S3.CREATE.DELETEMARKER'
        this.#deeds.push({ operation, key, versionId, size })
      }
    }
    for (const moves of groupsOf(this.#moves)) {
      const moved = await moveVersions(db, { bucketId: bucket.id, moves })
      this.moved += moved.length
      for (const index of moved) {
        const { key, size, storageClass } = moves[index] as (typeof moves)[number]
        this.#deeds.push({ operation: transitionOperation(storageClass), key, versionId: null, size })
      }
    }
    await logLifecycle(this.#engine, bucket, this.#deeds)
    this.#deeds = []
    this.#deletions = []
    this.#moves = []
  }

  summary(): string {
    return `${this.expired} objects expired, ${this.removed} versions removed, ${this.moved} versions moved, ${this.uploadsAborted} uploads aborted`
  }
}

function moveEvents(bucket: Bucket, { key }: ScannedVersion, destinationStorageClass: string): PendingEvents | null {
  if (bucket.settings.notification === undefined) return null
  const extra = { lifecycleEventData: { transitionEventData: { destinationStorageClass } } }
  return pendingEvents(bucket, { key, names: ['LifecycleTransition'], origin: LIFECYCLE_ORIGIN, extra })
}

function groupsOf<Item>(items: Item[]): Item[][] {
  const groups: Item[][] = []
  for (let start = 0; start < items.length; start += GROUP_SIZE) groups.push(items.slice(start, start + GROUP_SIZE))
  return groups
}

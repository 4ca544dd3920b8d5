import { newId } from '#storage-engine/ids.ts'
import { commitAlone } from '#storage-engine/metadata/commit-alone.ts'
import type { CommitRow } from '#storage-engine/metadata/commit-sql.ts'
import type { Database, Queryable } from '#storage-engine/metadata/database.ts'
import { deleteStatement, readVerdicts } from '#storage-engine/metadata/delete-batcher.ts'
import { type DeleteCondition, isMet } from '#storage-engine/metadata/delete-condition.ts'
import { insertRemovalEvent, type PendingEvents } from '#storage-engine/metadata/events.ts'
import { lockKeys } from '#storage-engine/metadata/key-locks.ts'
import type { Bucket } from '#storage-engine/metadata/known-buckets.ts'
import { acceptAnswer } from '#storage-engine/metadata/object-versions.ts'
import { lockWriteTarget } from '#storage-engine/metadata/write-target.ts'

/** A key may come and go between our look and our delete so often, then it counts as gone. */
const ATTEMPTS_MAX = 5

export interface DeleteObject {
  bucket: Pick<Bucket, 'id' | 'namespaceId' | 'versioning'>
  key: string
  /** To whom a delete marker belongs. */
  ownerId: string
  /** Of the current version; a key without any version meets it, but then nothing happens. */
  condition: DeleteCondition | null
  /** What somebody wants to hear of it. */
  events?: PendingEvents | null
}

export type DeletedObject =
  /** `deleteMarker` is the visible id of the marker that was made; null in a bucket that was never versioned. */
  { outcome: 'deleted'; deleteMarker: string | null } | { outcome: 'missing' } | { outcome: 'condition-failed' }

/**
 * Deletes the key as the bucket's versioning has it: removes the object, or puts a delete marker on top of its versions.
 * Throws NoSuchBucket, SlowDown, ServiceUnavailable.
 */
export async function deleteObject(db: Database, input: DeleteObject): Promise<DeletedObject> {
  const { bucket, key, condition, events } = input
  if (key.includes('\0')) return { outcome: 'missing' }
  const isVersioned = bucket.versioning !== 'unversioned'
  // The batched statement of plain deletes notes nothing.
  if (condition !== null || (events && !isVersioned)) return deleteAlone(db, input)
  if (!isVersioned) {
    const verdict = await db.deletes.submit({ bucketId: bucket.id, key })
    if (verdict === 'removed') return { outcome: 'deleted', deleteMarker: null }
    if (verdict === 'missing') return { outcome: 'missing' }
    if (verdict === 'contested') return deleteAlone(db, input)
  }
  const answer = await db.commits.submit(markerOf(input))
  if (answer.verdict === 'contested') return deleteAlone(db, input)
  return { outcome: 'deleted', deleteMarker: acceptAnswer(answer).versionId }
}

/** Under the key's lock. */
function deleteAlone(db: Database, input: DeleteObject): Promise<DeletedObject> {
  const { bucket, key, condition } = input
  return db.transaction(async (tx) => {
    const { versioning } = await lockWriteTarget(tx, { namespaceId: bucket.namespaceId, bucketId: bucket.id })
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const current = (await lockKeys(tx, { bucketId: bucket.id, keys: [key] })).get(key) ?? null
      if (!isMet(condition, current)) return { outcome: 'condition-failed' }
      if (condition !== null && current === null) return { outcome: 'missing' }
      if (versioning !== 'unversioned') return putMarker(tx, input)
      const [verdict] = readVerdicts(await tx.queryText(deleteStatement([{ bucketId: bucket.id, key }])))
      if (verdict === 'removed') {
        await noteRemoval(tx, input)
        return { outcome: 'deleted', deleteMarker: null }
      }
      if (verdict === 'versioned') return putMarker(tx, input)
      if (verdict === 'missing') break
    }
    return { outcome: 'missing' }
  })
}

async function noteRemoval(tx: Queryable, { bucket, key, events }: DeleteObject): Promise<void> {
  if (!events) return
  await insertRemovalEvent(tx, { bucketId: bucket.id, key, pending: events, versionId: null })
}

async function putMarker(tx: Queryable, input: DeleteObject): Promise<DeletedObject> {
  const { versionId } = acceptAnswer(await commitAlone(tx, { row: markerOf(input), precondition: null }))
  return { outcome: 'deleted', deleteMarker: versionId }
}

function markerOf({ bucket, key, ownerId, events }: DeleteObject): CommitRow {
  return {
    namespaceId: bucket.namespaceId,
    bucketId: bucket.id,
    // A marker has no bytes that could be sealed or not.
    encryptionEpoch: 0,
    versioning: bucket.versioning,
    key,
    versionId: newId(),
    ownerId,
    size: 0,
    etag: '',
    contentType: '',
    systemHeaders: null,
    userMetadata: null,
    checksum: null,
    blob: null,
    upload: null,
    isDeleteMarker: true,
    lock: null,
    settings: null,
    wrappedDataKey: null,
    namespaceKeyVersion: null,
    events: events ?? null,
  }
}

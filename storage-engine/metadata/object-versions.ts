import { StorageError } from '#storage-engine/errors.ts'
import {
  type CommitAnswer,
  type CommitRow,
  commitStatement,
  readCommitAnswers,
} from '#storage-engine/metadata/commit-sql.ts'
import type { Database, Queryable } from '#storage-engine/metadata/database.ts'
import { EncryptionEpochChanged } from '#storage-engine/metadata/encryption-epoch-changed.ts'
import type { FoundObject } from '#storage-engine/metadata/found-objects.ts'
import { isUuid } from '#storage-engine/metadata/is-uuid.ts'
import type { Bucket } from '#storage-engine/metadata/known-buckets.ts'
import { lockWriteTarget } from '#storage-engine/metadata/write-target.ts'

export type { DeleteMarker, FoundObject, ObjectVersion } from '#storage-engine/metadata/found-objects.ts'
export { EncryptionEpochChanged }

/** What must hold of the key's current version when the write takes effect. */
export interface Precondition {
  ifNoneMatch?: '*'
  ifMatch?: string
}

export interface CommitObject extends Omit<CommitRow, 'namespaceId' | 'bucketId' | 'encryptionEpoch'> {
  /** As it was when the body was sealed or left plain. */
  bucket: Pick<Bucket, 'id' | 'namespaceId' | 'encryptionEpoch'>
  /** Etags without quotes, or `*`. */
  precondition: Precondition | null
}

/**
 * The bucket and a version of the key, the current one unless `versionId` (a UUID or `null`, as S3 shows it) names another:
 * one look-up, shared with whoever asks at the same time.
 */
export function findObject(
  db: Database,
  { bucketName, key, versionId }: { bucketName: string; key: string; versionId?: string | null | undefined },
): Promise<FoundObject> {
  // No stored name or key holds a NUL, and Postgres refuses to be asked.
  if (bucketName.includes('\0') || key.includes('\0')) return NOWHERE
  if (versionId === undefined || versionId === null) return db.lookUps.objects.submit({ bucketName, key })
  if (versionId === 'null') return db.lookUps.versions.submit({ bucketName, key, versionId: null })
  if (isUuid(versionId)) return db.lookUps.versions.submit({ bucketName, key, versionId })
  return db.lookUps.buckets.submit(bucketName).then((bucket) => ({ bucket, object: null, deleteMarker: null }))
}

const NOWHERE = Promise.resolve<FoundObject>({ bucket: null, object: null, deleteMarker: null })

/**
 * Makes `object` the current version of its key; the blob must be durable already. Replaced bytes become garbage.
 * Throws NoSuchBucket, EncryptionEpochChanged, PreconditionFailed, NoSuchKey (If-Match on a missing key), SlowDown, or
 * ServiceUnavailable, after which nobody knows whether it was written.
 */
export async function commitObject(
  db: Database,
  { precondition, bucket, ...version }: CommitObject,
): Promise<{ lastModified: Date }> {
  const row = {
    ...version,
    bucketId: bucket.id,
    namespaceId: bucket.namespaceId,
    encryptionEpoch: bucket.encryptionEpoch,
  }
  const answer = precondition ? await commitIf(db, row, precondition) : await db.commits.submit(row)
  return acceptAnswer(answer)
}

/**
 * Deletes the current versions of `keys` (≤ 1,000 a call by the doors' limit); a missing key is no error.
 * Resolves to whether each key had an object, in order. A key given twice counts once.
 */
export function deleteObjects(
  db: Database,
  { bucketId, keys }: { bucketId: string; keys: string[] },
): Promise<boolean[]> {
  return Promise.all(keys.map((key) => (key.includes('\0') ? false : db.deletes.submit({ bucketId, key }))))
}

function commitIf(db: Database, row: CommitRow, precondition: Precondition): Promise<CommitAnswer> {
  return db.transaction(async (tx) => {
    await lockWriteTarget(tx, { namespaceId: row.namespaceId, bucketId: row.bucketId })
    await checkPrecondition(tx, { bucketId: row.bucketId, key: row.key, precondition })
    const { text, name, values } = commitStatement([row], precondition.ifNoneMatch ? 'keep' : 'replace')
    const result = await tx.queryText({ name, text, values })
    const answer = readCommitAnswers(result)[0] as CommitAnswer
    acceptAnswer(answer)
    return answer
  })
}

/**
 * Locks the key's current version, if there is one, so that what was checked stays true until the commit.
 * Where none exists, two `If-None-Match: *` meet at the primary key: the insert of the second one answers `kept`.
 */
export async function checkPrecondition(
  tx: Queryable,
  { bucketId, key, precondition }: { bucketId: string; key: string; precondition: Precondition },
): Promise<void> {
  const [current] = await tx.query<{ etag: string }>({
    name: 'lock-current-version',
    text: `select etag from object_versions where bucket_id = $1 and key = $2 and noncurrent_order = 0 and not is_delete_marker for update`,
    values: [bucketId, key],
  })
  if (precondition.ifNoneMatch && current)
    throw new StorageError('PreconditionFailed', { extra: { Condition: 'If-None-Match' } })
  if (precondition.ifMatch === undefined) return
  if (!current) throw new StorageError('NoSuchKey', { extra: { Key: key } })
  if (precondition.ifMatch !== '*' && precondition.ifMatch !== current.etag) {
    throw new StorageError('PreconditionFailed', { extra: { Condition: 'If-Match' } })
  }
}

function acceptAnswer(answer: CommitAnswer): { lastModified: Date } {
  switch (answer.verdict) {
    case 'written':
      return { lastModified: answer.lastModified }
    case 'no-bucket':
      throw new StorageError('NoSuchBucket')
    case 'other-epoch':
      throw new EncryptionEpochChanged()
    case 'kept':
      throw new StorageError('PreconditionFailed', { extra: { Condition: 'If-None-Match' } })
  }
}

import { StorageError } from '#storage-engine/errors.ts'
import { commitAlone, type Precondition } from '#storage-engine/metadata/commit-alone.ts'
import type { CommitAnswer, CommitRow } from '#storage-engine/metadata/commit-sql.ts'
import type { Database } from '#storage-engine/metadata/database.ts'
import { EncryptionEpochChanged } from '#storage-engine/metadata/encryption-epoch-changed.ts'
import type { FoundObject } from '#storage-engine/metadata/found-objects.ts'
import { isUuid } from '#storage-engine/metadata/is-uuid.ts'
import type { Bucket } from '#storage-engine/metadata/known-buckets.ts'
import { lockWriteTarget } from '#storage-engine/metadata/write-target.ts'

export type { DeleteMarker, FoundObject, ObjectVersion } from '#storage-engine/metadata/found-objects.ts'
export { EncryptionEpochChanged }

export interface CommitObject
  extends Omit<CommitRow, 'namespaceId' | 'bucketId' | 'encryptionEpoch' | 'versioning' | 'upload' | 'isDeleteMarker'> {
  /** As it was when the body was sealed or left plain. */
  bucket: Pick<Bucket, 'id' | 'namespaceId' | 'encryptionEpoch' | 'versioning'>
  /** Etags without quotes, or `*`. */
  precondition: Precondition | null
}

export interface Committed {
  lastModified: Date
  /** As S3 shows it; null in a bucket that was never versioned. */
  versionId: string | null
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
 * Makes `object` the current version of its key; the blob must be durable already. What the bucket's versioning does not
 * keep becomes garbage.
 * Throws NoSuchBucket, EncryptionEpochChanged, PreconditionFailed, NoSuchKey (If-Match on a missing key),
 * ConditionalRequestConflict, SlowDown, or ServiceUnavailable, after which nobody knows whether it was written.
 */
export async function commitObject(
  db: Database,
  { precondition, bucket, ...version }: CommitObject,
): Promise<Committed> {
  const { id: bucketId, namespaceId, encryptionEpoch, versioning } = bucket
  const row = { ...version, bucketId, namespaceId, encryptionEpoch, versioning, upload: null, isDeleteMarker: false }
  return commitRow(db, row, precondition)
}

/** Throws as `commitObject`. */
async function commitRow(db: Database, row: CommitRow, precondition: Precondition | null): Promise<Committed> {
  const answer: CommitAnswer = precondition ? { verdict: 'contested' } : await db.commits.submit(row)
  if (answer.verdict !== 'contested' && answer.verdict !== 'versioned') return acceptAnswer(answer)
  return db.transaction(async (tx) => {
    await lockWriteTarget(tx, row)
    return acceptAnswer(await commitAlone(tx, { row, precondition }))
  })
}

/** Throws NoSuchBucket and EncryptionEpochChanged. */
export function acceptAnswer(answer: CommitAnswer): Committed {
  switch (answer.verdict) {
    case 'written':
      return { lastModified: answer.lastModified, versionId: answer.versionId }
    case 'no-bucket':
      throw new StorageError('NoSuchBucket')
    case 'other-epoch':
      throw new EncryptionEpochChanged()
    default:
      throw new StorageError('ServiceUnavailable', { cause: new Error(`a commit ended as ${answer.verdict}`) })
  }
}

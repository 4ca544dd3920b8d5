import { StorageError } from '#storage-engine/errors.ts'
import type { DeleteCondition } from '#storage-engine/metadata/delete-condition.ts'
import { findObject } from '#storage-engine/metadata/object-versions.ts'
import type { WritePrecondition } from '#storage-engine/objects/write-object.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'

interface Compared {
  key: string
  versionId?: string | null
  condition: WritePrecondition | DeleteCondition | null
}

/**
 * What a condition on an ETag, a time or a size comes to tells what is there, so whoever writes or deletes by one must be
 * allowed to read it too; `*` asks for no more than any write tells. Throws AccessDenied.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-delete-enforce.html
 */
export async function checkMayCompare(
  { engine, access, bucket }: Pick<BucketRequest, 'engine' | 'access' | 'bucket'>,
  { key, versionId = null, condition }: Compared,
): Promise<void> {
  if (condition === null || !Object.values(condition).some((value) => value !== '*')) return
  const found = await findObject(engine.db, { bucketName: bucket.name, key, versionId })
  // Another bucket may have the name by now.
  if (found.bucket?.id !== bucket.id) throw new StorageError('NoSuchBucket', { extra: { BucketName: bucket.name } })
  const action = versionId === null ? 's3:GetObject' : 's3:GetObjectVersion'
  access.checkRead(action, { bucket, key, object: found.object })
}

import { StorageError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { findObject, type ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { checkCopyConditions } from '#storage-engine/s3/conditions.ts'
import { type CopySource, parseCopySource } from '#storage-engine/s3/copy-source-header.ts'
import type { KeyRequest } from '#storage-engine/s3/s3-request.ts'
import { checkVersionIdForm } from '#storage-engine/s3/version-id.ts'

/**
 * The object that a copy reads, looked up and authorized like any GET.
 * Throws NoSuchBucket, NoSuchKey, NoSuchVersion, AccessDenied, PreconditionFailed and InvalidArgument.
 */
export async function findCopySource(request: KeyRequest): Promise<{ bucket: Bucket; object: ObjectVersion }> {
  const source = parseCopySource(request.headers.get('x-amz-copy-source') ?? '')
  const { bucket, object } = await findObject(request.engine.db, source)
  if (bucket === null) throw new StorageError('NoSuchBucket', { extra: { BucketName: source.bucketName } })
  const action = source.versionId === null ? 's3:GetObject' : 's3:GetObjectVersion'
  request.access.checkRead(action, { bucket, key: source.key, object })
  if (object === null) throw missing(source)
  checkCopyConditions(request.headers, object)
  return { bucket, object }
}

function missing({ key, versionId }: CopySource): StorageError {
  if (versionId === null) return new StorageError('NoSuchKey', { extra: { Key: key } })
  checkVersionIdForm(versionId)
  return new StorageError('NoSuchVersion', { extra: { Key: key, VersionId: versionId } })
}

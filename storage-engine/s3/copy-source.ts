import { StorageError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { findObject, type ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { expectNotShredded } from '#storage-engine/objects/shredded-namespace.ts'
import { checkCopyConditions } from '#storage-engine/s3/conditions.ts'
import { parseCopySource } from '#storage-engine/s3/copy-source-header.ts'
import { checkExpectedOwner } from '#storage-engine/s3/expected-owner.ts'
import type { KeyRequest } from '#storage-engine/s3/s3-request.ts'
import { missingVersion, shownVersionId, versionHeader } from '#storage-engine/s3/version-id.ts'

export interface FoundCopySource {
  bucket: Bucket
  object: ObjectVersion
  /** The source names a version, perhaps the current one. */
  isVersionNamed: boolean
}

/**
 * The object that a copy reads, looked up and authorized like any GET.
 * Throws NoSuchBucket, NoSuchKey, NoSuchVersion, AccessDenied, PreconditionFailed, InvalidArgument, and InvalidRequest for a
 * delete marker that is named.
 */
export async function findCopySource(request: KeyRequest): Promise<FoundCopySource> {
  const source = parseCopySource(request.headers.get('x-amz-copy-source') ?? '')
  const { bucket, object, deleteMarker } = await findObject(request.engine.db, source)
  if (bucket === null) throw new StorageError('NoSuchBucket', { extra: { BucketName: source.bucketName } })
  const isVersionNamed = source.versionId !== null
  const action = isVersionNamed ? 's3:GetObjectVersion' : 's3:GetObject'
  request.access.checkRead(action, { bucket, key: source.key, object })
  expectNotShredded(bucket)
  await checkExpectedOwner(request, bucket, 'x-amz-source-expected-bucket-owner')
  if (object !== null) {
    logRead(request, { bucket, object })
    checkCopyConditions(request.headers, object)
    return { bucket, object, isVersionNamed }
  }
  if (deleteMarker !== null && isVersionNamed) {
    throw new StorageError('InvalidRequest', {
      message: 'The source of a copy request may not specifically refer to a delete marker by version id.',
    })
  }
  throw missingVersion({ ...source, deleteMarker: null })
}

/** The source's log tells of the reading, as the target's does of the writing. */
function logRead(
  { log, query, headers }: KeyRequest,
  { bucket, object }: { bucket: Bucket; object: ObjectVersion },
): void {
  const { key, versionId } = parseCopySource(headers.get('x-amz-copy-source') ?? '')
  const operation = query.values.has('uploadId') ? 'REST.COPY.PART_GET' : 'REST.COPY.OBJECT_GET'
  log.addAction(bucket, { operation, key, versionId, objectSize: object.size })
  log.setObjectSize(object.size)
}

/** x-amz-copy-source-version-id. */
export function copySourceHeaders({ bucket, object }: FoundCopySource): string[] {
  return versionHeader('x-amz-copy-source-version-id', shownVersionId(bucket, object))
}

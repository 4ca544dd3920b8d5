import { StorageError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { visibleVersionId } from '#storage-engine/metadata/found-objects.ts'
import type { DeleteMarker } from '#storage-engine/metadata/object-versions.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Throws InvalidArgument unless it is `null` or has the form of a version id. */
export function checkVersionIdForm(versionId: string): void {
  if (versionId === 'null' || UUID.test(versionId)) return
  throw new StorageError('InvalidArgument', {
    message: versionId === '' ? 'Version id cannot be the empty string' : 'Invalid version id specified',
    extra: { ArgumentName: 'versionId', ArgumentValue: versionId.slice(0, 1024) },
  })
}

/**
 * Why there is nothing to read: no such key or version, or a delete marker, which S3 answers with 404 when it is the
 * current version and with 405 when it is named. Throws InvalidArgument for what can be no version id.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
 */
export function missingVersion({
  key,
  versionId,
  deleteMarker,
}: {
  key: string
  versionId: string | null | undefined
  deleteMarker: DeleteMarker | null
}): StorageError {
  const isNamed = versionId !== null && versionId !== undefined
  if (isNamed) checkVersionIdForm(versionId)
  if (deleteMarker === null) {
    return isNamed
      ? new StorageError('NoSuchVersion', { extra: { Key: key, VersionId: versionId } })
      : new StorageError('NoSuchKey', { extra: { Key: key } })
  }
  const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': deleteMarker.versionId }
  if (!isNamed) return new StorageError('NoSuchKey', { extra: { Key: key }, headers })
  return new StorageError('MethodNotAllowed', {
    extra: { Method: 'GET', ResourceType: 'DeleteMarker' },
    headers: { ...headers, Allow: 'DELETE', 'Last-Modified': deleteMarker.lastModified.toUTCString() },
  })
}

/**
 * The header of a write. There is none where there is no id to name: S3 gives ids only while versioning is enabled, and
 * clients rely on the header's absence otherwise.
 */
export function writtenVersionHeader(versionId: string | null): string[] {
  return versionHeader('x-amz-version-id', versionId === 'null' ? null : versionId)
}

/** The header that names a version; none in a bucket that was never versioned, as clients rely on. */
export function versionHeader(
  name: 'x-amz-version-id' | 'x-amz-copy-source-version-id',
  versionId: string | null,
): string[] {
  return versionId === null ? [] : [name, versionId]
}

/** The id of a version as answers show it; null in a bucket that was never versioned. */
export function shownVersionId(bucket: Bucket, version: { isNull: boolean; versionId: string }): string | null {
  return bucket.versioning === 'unversioned' ? null : visibleVersionId(version)
}

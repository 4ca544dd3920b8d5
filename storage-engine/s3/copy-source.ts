import { decodePercent } from '#storage-engine/auth/percent-encoding.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { findObject, type ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { checkCopyConditions } from '#storage-engine/s3/conditions.ts'
import type { KeyRequest } from '#storage-engine/s3/s3-request.ts'
import { checkKeyLength } from '#storage-engine/s3/target.ts'
import { checkVersionId } from '#storage-engine/s3/version-id.ts'

export interface CopySource {
  bucketName: string
  key: string
  versionId: string | null
}

/** Reads x-amz-copy-source: `[/]bucket/key[?versionId=id]`, percent-encoded once like a path. Throws InvalidArgument. */
export function parseCopySource(header: string): CopySource {
  const at = header.lastIndexOf('?versionId=')
  const path = (at === -1 ? header : header.slice(0, at)).replace(/^\//, '')
  try {
    const decoded = decodePercent(path)
    const slash = decoded.indexOf('/')
    const bucketName = decoded.slice(0, slash)
    const key = decoded.slice(slash + 1)
    if (slash > 0 && key !== '' && !bucketName.startsWith('arn:')) {
      checkKeyLength(key)
      return { bucketName, key, versionId: at === -1 ? null : decodePercent(header.slice(at + '?versionId='.length)) }
    }
  } catch (cause) {
    throw invalidSource(header, cause)
  }
  throw invalidSource(header, undefined)
}

/**
 * The object that a copy reads, looked up and authorized like any GET.
 * Throws NoSuchBucket, NoSuchKey, AccessDenied, PreconditionFailed and InvalidArgument.
 */
export async function findCopySource(request: KeyRequest): Promise<{ bucket: Bucket; object: ObjectVersion }> {
  const source = parseCopySource(request.headers.get('x-amz-copy-source') ?? '')
  const { bucket, object } = await findObject(request.engine.db, source)
  if (bucket === null) throw new StorageError('NoSuchBucket', { extra: { BucketName: source.bucketName } })
  const action = source.versionId === null ? 's3:GetObject' : 's3:GetObjectVersion'
  request.access.check(action, { bucket, key: source.key, object })
  if (object === null) {
    throw request.access.mayKnowThatKeyIsMissing(bucket)
      ? new StorageError('NoSuchKey', { extra: { Key: source.key } })
      : new StorageError('AccessDenied')
  }
  if (source.versionId !== null) checkVersionId(source.versionId, object)
  checkCopyConditions(request.headers, object)
  return { bucket, object }
}

function invalidSource(header: string, cause: unknown): StorageError {
  return new StorageError('InvalidArgument', {
    message: 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    extra: { ArgumentName: 'x-amz-copy-source', ArgumentValue: header },
    cause,
  })
}

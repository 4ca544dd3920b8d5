import { authorize, mayKnowThatKeyIsMissing } from '#storage-engine/auth/authorize.ts'
import type { ObjectUserPrincipal, Principal } from '#storage-engine/auth/principal.ts'
import type { Headers, Query } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { findObject, type ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import type { Gateway } from '#storage-engine/s3/gateway.ts'
import type { Target } from '#storage-engine/s3/target.ts'
import { checkVersionId, checkVersionIdForm } from '#storage-engine/s3/version-id.ts'

export interface Asked {
  target: Target
  query: Query
  headers: Headers
  principal: Principal
  action: string
}

/** The bucket of a request, once the caller may do what it asks. Throws NoSuchBucket and AccessDenied. */
export async function findTargetBucket(
  gateway: Gateway,
  asked: Asked,
): Promise<{ bucket: Bucket; principal: ObjectUserPrincipal }> {
  const bucket = await findBucket(gateway.engine.db, { name: asked.target.bucket as string })
  return permit(gateway, asked, bucket)
}

/**
 * The bucket and the current version of a key in one look-up, once the caller may do what it asks.
 * Throws NoSuchBucket, AccessDenied, NoSuchKey, NoSuchVersion and InvalidArgument.
 */
export async function findTargetObject(
  gateway: Gateway,
  asked: Asked,
): Promise<{ bucket: Bucket; key: string; object: ObjectVersion; principal: ObjectUserPrincipal }> {
  const key = asked.target.key as string
  const found = await findObject(gateway.engine.db, { bucketName: asked.target.bucket as string, key })
  const { bucket, principal } = await permit(gateway, asked, found.bucket)
  const { object } = found
  const versionId = asked.query.values.get('versionId')
  if (object === null) {
    if (!mayKnowThatKeyIsMissing(principal, bucket)) throw new StorageError('AccessDenied')
    if (versionId === undefined) throw new StorageError('NoSuchKey', { extra: { Key: key } })
    checkVersionIdForm(versionId)
    throw new StorageError('NoSuchVersion', { extra: { Key: key, VersionId: versionId } })
  }
  if (versionId !== undefined) checkVersionId(versionId, object)
  return { bucket, key, object, principal }
}

async function permit(
  gateway: Gateway,
  { target, headers, principal, action }: Asked,
  bucket: Bucket | null,
): Promise<{ bucket: Bucket; principal: ObjectUserPrincipal }> {
  const isElsewhere = bucket !== null && target.namespace !== null && target.namespace !== bucket.namespaceName
  if (bucket === null || isElsewhere) {
    throw new StorageError('NoSuchBucket', { extra: { BucketName: target.bucket as string } })
  }
  const authorized = authorize(principal, action, { kind: 'bucket', bucket })
  const expectedOwner = headers.get('x-amz-expected-bucket-owner')
  if (expectedOwner !== undefined) {
    const owner = await gateway.owners.getOwner(bucket.ownerId)
    if (owner.canonicalId !== expectedOwner) throw new StorageError('AccessDenied')
  }
  return { bucket, principal: authorized }
}

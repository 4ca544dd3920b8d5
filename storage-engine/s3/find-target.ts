import { initiatorIdOf } from '#storage-engine/auth/principal.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { findObject, type ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { findUpload } from '#storage-engine/metadata/uploads.ts'
import { expectNotShredded } from '#storage-engine/objects/shredded-namespace.ts'
import type { AskedRequest } from '#storage-engine/s3/asked-request.ts'
import { checkExpectedOwner } from '#storage-engine/s3/expected-owner.ts'
import type { Gateway } from '#storage-engine/s3/gateway.ts'
import type { Exchange } from '#storage-engine/s3/handler.ts'
import { RequestAccess } from '#storage-engine/s3/request-access.ts'
import type { Target } from '#storage-engine/s3/target.ts'
import { missingVersion } from '#storage-engine/s3/version-id.ts'

export interface Asked extends AskedRequest {
  target: Target
  /** An IAM action name. */
  action: string
  /** As the operation table's row says. */
  passes: 'each-key' | 'initiator' | 'document' | null
}

/** The bucket of a request is known now, whatever comes of it: its settings shape the answer, and its log tells of it. */
export function meetBucket(exchange: Exchange, bucket: Bucket): void {
  exchange.bucket = bucket
  exchange.log.add(bucket)
}

/** The bucket of a request, once the caller may do what it asks. Throws NoSuchBucket and AccessDenied. */
export async function findTargetBucket(
  exchange: Exchange,
  asked: Asked,
): Promise<{ bucket: Bucket; access: RequestAccess }> {
  const { gateway } = exchange
  const bucket = expectBucket(await findBucket(gateway.engine.db, { name: asked.target.bucket as string }), asked)
  meetBucket(exchange, bucket)
  const current = isOutdated(asked, bucket) ? await withCurrentPrincipal(gateway, asked) : asked
  const access = new RequestAccess(current, { bucket, key: asked.target.key })
  exchange.log.setAsking(current, access, null)
  await checkPassage(gateway, { asked: current, bucket, access })
  // Only whoever might do it otherwise is told why not.
  expectNotShredded(bucket)
  await checkExpectedOwner({ headers: asked.headers, owners: gateway.owners }, bucket)
  return { bucket, access }
}

async function checkPassage(
  gateway: Gateway,
  { asked, bucket, access }: { asked: Asked; bucket: Bucket; access: RequestAccess },
): Promise<void> {
  const { action, passes } = asked
  if (passes === 'each-key') {
    access.checkForAnyKey(action)
    return
  }
  const decision = access.decide(action)
  if (decision === 'allow') return
  const isAside = decision === 'deny' && passes === 'initiator' && (await isInitiator(gateway, asked, bucket))
  if (!isAside) throw new StorageError('AccessDenied')
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions */
async function isInitiator(gateway: Gateway, { principal, target, query }: Asked, bucket: Bucket): Promise<boolean> {
  // Session policies leave of a role's rights what they name, and nobody who is anonymous began anything.
  if (principal.kind === 'anonymous' || principal.sessionPolicies !== null) return false
  const uploadId = query.values.get('uploadId') ?? ''
  const upload = await findUpload(gateway.engine.db, { bucketId: bucket.id, key: target.key as string, uploadId })
  return upload?.initiatorId === initiatorIdOf(principal)
}

/**
 * The bucket and a version of a key, the current one or the one that the query names, in one look-up, once the caller may
 * do what it asks. Throws NoSuchBucket, AccessDenied, NoSuchKey, NoSuchVersion, InvalidArgument, and MethodNotAllowed for a
 * delete marker that is named.
 */
export async function findTargetObject(
  exchange: Exchange,
  asked: Asked,
): Promise<{ bucket: Bucket; key: string; object: ObjectVersion; access: RequestAccess }> {
  const { gateway } = exchange
  const key = asked.target.key as string
  const versionId = asked.query.values.get('versionId')
  const found = await findObject(gateway.engine.db, { bucketName: asked.target.bucket as string, key, versionId })
  const bucket = expectBucket(found.bucket, asked)
  meetBucket(exchange, bucket)
  const { object } = found
  const current = isOutdated(asked, bucket) ? await withCurrentPrincipal(gateway, asked) : asked
  const access = new RequestAccess(current, { bucket, key, object })
  exchange.log.setAsking(current, access, object)
  access.checkRead(asked.action, { bucket, key, object }, asked.passes === 'document' ? 'unread' : null)
  expectNotShredded(bucket)
  await checkExpectedOwner({ headers: asked.headers, owners: gateway.owners }, bucket)
  if (object !== null) return { bucket, key, object, access }
  throw missingVersion({ key, versionId, deleteMarker: found.deleteMarker })
}

function expectBucket(bucket: Bucket | null, { target }: Asked): Bucket {
  const isElsewhere = bucket !== null && target.namespace !== null && target.namespace !== bucket.namespaceName
  if (bucket !== null && !isElsewhere) return bucket
  throw new StorageError('NoSuchBucket', { extra: { BucketName: target.bucket as string } })
}

/** IAM has changed since the caller's rights were read: a right that was given or taken counts from the next request on. */
function isOutdated({ principal }: Asked, bucket: Bucket): boolean {
  if (principal.kind === 'anonymous' || principal.namespaceId !== bucket.namespaceId) return false
  return principal.iamEpoch < bucket.iamEpoch
}

async function withCurrentPrincipal(gateway: Gateway, asked: Asked): Promise<Asked> {
  const { authentication } = asked
  if (authentication.kind === 'anonymous') return asked
  const { accessKeyId, sessionToken } = authentication
  const credential = await gateway.refreshCredential(accessKeyId, sessionToken)
  if (credential === null) throw new StorageError('InvalidAccessKeyId', { extra: { AWSAccessKeyId: accessKeyId } })
  return { ...asked, principal: credential.principal }
}

import type { Principal } from '#storage-engine/auth/principal.ts'
import { setLogging } from '#storage-engine/buckets/set-logging.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { resolveGrants } from '#storage-engine/s3/grantees.ts'
import { readLogging } from '#storage-engine/s3/logging-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'
import { readXml } from '#storage-engine/s3/xml-reader.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html */
export async function putBucketLogging(request: BucketRequest): Promise<S3Response> {
  const { engine, bucket, headers, body, principal } = request
  if (!isOwner(principal, bucket)) throw new StorageError('AccessDenied')
  const given = readLogging(readXml(await readDocument(headers, body, XML_BYTES_MAX)))
  if (given === null) {
    await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'logging', value: null })
  } else {
    const { grants, ...logging } = given
    const targetGrants = await resolveGrants(engine, grants)
    await setLogging(engine, { bucket, logging: grants.length === 0 ? logging : { ...logging, targetGrants } })
  }
  return emptyResponse(200)
}

/** Whatever a bucket's policy allows: only its owner's side may say where its logs go. */
function isOwner(principal: Principal, bucket: Bucket): boolean {
  if (principal.kind === 'anonymous' || principal.namespaceId !== bucket.namespaceId) return false
  return principal.kind !== 'object-user' || principal.isRoot || principal.id === bucket.ownerId
}

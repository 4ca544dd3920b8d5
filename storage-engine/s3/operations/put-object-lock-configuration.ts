import { checkDefaultRetention } from '#storage-engine/buckets/object-lock.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { expectDocumentDigest } from '#storage-engine/s3/object-lock-headers.ts'
import { readObjectLockConfiguration } from '#storage-engine/s3/object-lock-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'

/**
 * Also gives a bucket object lock that has none, once its versioning is enabled; nothing takes it away again.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html
 */
export async function putObjectLockConfiguration({
  engine,
  bucket,
  headers,
  body,
}: BucketRequest): Promise<S3Response> {
  expectDocumentDigest(headers)
  const configuration = readObjectLockConfiguration(await readDocument(headers, body, XML_BYTES_MAX))
  if (configuration.defaultRetention !== undefined) checkDefaultRetention(configuration.defaultRetention)
  await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'objectLock', value: configuration })
  return emptyResponse(200)
}

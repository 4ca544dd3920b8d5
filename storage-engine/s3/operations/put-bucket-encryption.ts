import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { readBucketEncryption } from '#storage-engine/s3/bucket-encryption-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'

/**
 * As at AWS the key need not exist yet; a write that would need it is refused until it does.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
 */
export async function putBucketEncryption({ engine, bucket, headers, body }: BucketRequest): Promise<S3Response> {
  const encryption = readBucketEncryption(await readDocument(headers, body, XML_BYTES_MAX))
  await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'encryption', value: encryption })
  return emptyResponse(200)
}

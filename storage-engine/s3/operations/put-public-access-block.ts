import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { readPublicAccessBlock } from '#storage-engine/s3/public-access-block-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html */
export async function putPublicAccessBlock({ engine, bucket, headers, body }: BucketRequest): Promise<S3Response> {
  const value = readPublicAccessBlock(await readDocument(headers, body, XML_BYTES_MAX))
  await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'publicAccessBlock', value })
  return emptyResponse(200)
}

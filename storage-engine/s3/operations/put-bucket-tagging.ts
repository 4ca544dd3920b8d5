import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { checkBucketTags } from '#storage-engine/objects/tags.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readTagging } from '#storage-engine/s3/tagging-xml.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html */
export async function putBucketTagging({ engine, bucket, headers, body }: BucketRequest): Promise<S3Response> {
  const tags = checkBucketTags(readTagging(await readDocument(headers, body, XML_BYTES_MAX)))
  await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'tags', value: tags.length === 0 ? null : tags })
  return emptyResponse(200)
}

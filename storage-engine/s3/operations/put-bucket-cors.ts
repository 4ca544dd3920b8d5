import { checkCorsRules } from '#storage-engine/buckets/cors-rules.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { readCorsRules } from '#storage-engine/s3/cors-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument } from '#storage-engine/s3/xml-body.ts'

/** Rules are held against every request that names an origin, and what they expose is in every answer. */
export const CORS_BYTES_MAX = 64 * 1024

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html */
export async function putBucketCors({ engine, bucket, headers, body }: BucketRequest): Promise<S3Response> {
  const rules = readCorsRules(await readDocument(headers, body, CORS_BYTES_MAX))
  checkCorsRules(rules)
  await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'cors', value: rules })
  return emptyResponse(200)
}

import { checkWebsiteConfiguration } from '#storage-engine/buckets/website-configuration.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readWebsiteConfiguration } from '#storage-engine/s3/website-xml.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html */
export async function putBucketWebsite({ engine, bucket, headers, body }: BucketRequest): Promise<S3Response> {
  const website = readWebsiteConfiguration(await readDocument(headers, body, XML_BYTES_MAX))
  checkWebsiteConfiguration(website)
  await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'website', value: website })
  return emptyResponse(200)
}

import { loggingXml } from '#storage-engine/s3/logging-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'

/** Empty when nothing is logged. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLogging.html */
export async function getBucketLogging({ bucket, owners }: BucketRequest): Promise<S3Response> {
  const { logging } = bucket.settings
  const grantees = (logging?.targetGrants ?? []).flatMap(({ grantee }) => (grantee.kind === 'user' ? [grantee.id] : []))
  return xmlResponse(loggingXml(logging, await owners.findOwners(grantees)))
}

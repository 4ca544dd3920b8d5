import { StorageError } from '#storage-engine/errors.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { websiteXml } from '#storage-engine/s3/website-xml.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketWebsite.html */
export function getBucketWebsite({ bucket }: BucketRequest): S3Response {
  const { website } = bucket.settings
  if (website === undefined) {
    throw new StorageError('NoSuchWebsiteConfiguration', { extra: { BucketName: bucket.name } })
  }
  return xmlResponse(websiteXml(website))
}

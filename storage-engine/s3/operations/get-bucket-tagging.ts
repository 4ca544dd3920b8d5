import { StorageError } from '#storage-engine/errors.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { taggingXml } from '#storage-engine/s3/tagging-xml.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html */
export function getBucketTagging({ bucket }: BucketRequest): S3Response {
  const { tags } = bucket.settings
  if (tags === undefined) throw new StorageError('NoSuchTagSet', { extra: { BucketName: bucket.name } })
  return xmlResponse(taggingXml(tags))
}

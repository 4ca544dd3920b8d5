import { StorageError } from '#storage-engine/errors.ts'
import { ownershipControlsXml } from '#storage-engine/s3/ownership-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketOwnershipControls.html */
export function getBucketOwnershipControls({ bucket }: BucketRequest): S3Response {
  const { ownership } = bucket.settings
  if (ownership === undefined) {
    throw new StorageError('OwnershipControlsNotFoundError', { extra: { BucketName: bucket.name } })
  }
  return xmlResponse(ownershipControlsXml(ownership))
}

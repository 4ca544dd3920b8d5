import { StorageError } from '#storage-engine/errors.ts'
import { publicAccessBlockXml } from '#storage-engine/s3/public-access-block-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html */
export function getPublicAccessBlock({ bucket }: BucketRequest): S3Response {
  const { publicAccessBlock } = bucket.settings
  if (publicAccessBlock === undefined) {
    throw new StorageError('NoSuchPublicAccessBlockConfiguration', { extra: { BucketName: bucket.name } })
  }
  return xmlResponse(publicAccessBlockXml(publicAccessBlock))
}

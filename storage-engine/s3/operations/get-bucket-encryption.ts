import { StorageError } from '#storage-engine/errors.ts'
import { bucketEncryptionXml } from '#storage-engine/s3/bucket-encryption-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'

/**
 * What was put; whether the namespace seals everything besides is not told here.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html
 */
export function getBucketEncryption({ bucket }: BucketRequest): S3Response {
  const { encryption } = bucket.settings
  if (encryption === undefined) {
    throw new StorageError('ServerSideEncryptionConfigurationNotFoundError', { extra: { BucketName: bucket.name } })
  }
  return xmlResponse(bucketEncryptionXml(encryption))
}

import { StorageError } from '#storage-engine/errors.ts'
import { objectLockConfigurationXml } from '#storage-engine/s3/object-lock-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html */
export function getObjectLockConfiguration({ bucket }: BucketRequest): S3Response {
  const { objectLock } = bucket.settings
  if (objectLock === undefined) {
    throw new StorageError('ObjectLockConfigurationNotFoundError', { extra: { BucketName: bucket.name } })
  }
  return xmlResponse(objectLockConfigurationXml(objectLock))
}

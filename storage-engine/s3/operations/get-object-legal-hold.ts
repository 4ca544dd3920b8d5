import { expectObjectLock } from '#storage-engine/buckets/object-lock.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { legalHoldXml } from '#storage-engine/s3/object-lock-xml.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLegalHold.html */
export function getObjectLegalHold({ bucket, key, object }: ObjectRequest): S3Response {
  expectObjectLock(bucket)
  const legalHold = object.lock?.legalHold
  if (legalHold === undefined) throw new StorageError('NoSuchObjectLockConfiguration', { extra: { Key: key } })
  return xmlResponse(legalHoldXml(legalHold))
}

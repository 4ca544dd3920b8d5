import { expectObjectLock } from '#storage-engine/buckets/object-lock.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { retentionXml } from '#storage-engine/s3/object-lock-xml.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html */
export function getObjectRetention({ bucket, key, object }: ObjectRequest): S3Response {
  expectObjectLock(bucket)
  const { mode, retainUntil } = object.lock ?? {}
  if (mode === undefined) throw new StorageError('NoSuchObjectLockConfiguration', { extra: { Key: key } })
  return xmlResponse(retentionXml({ mode, retainUntil: retainUntil as string }))
}

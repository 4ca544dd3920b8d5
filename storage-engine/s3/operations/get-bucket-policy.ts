import { StorageError } from '#storage-engine/errors.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import type { S3Response } from '#storage-engine/s3/s3-response.ts'

/** Byte for byte as it was put. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html */
export function getBucketPolicy({ bucket }: BucketRequest): S3Response {
  const { policy } = bucket.settings
  if (policy === undefined) throw new StorageError('NoSuchBucketPolicy', { extra: { BucketName: bucket.name } })
  return { status: 200, headers: ['Content-Type', 'application/json'], body: policy }
}

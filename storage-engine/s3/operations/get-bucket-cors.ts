import { StorageError } from '#storage-engine/errors.ts'
import { corsXml } from '#storage-engine/s3/cors-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketCors.html */
export function getBucketCors({ bucket }: BucketRequest): S3Response {
  const { cors } = bucket.settings
  if (cors === undefined) throw new StorageError('NoSuchCORSConfiguration', { extra: { BucketName: bucket.name } })
  return xmlResponse(corsXml(cors))
}

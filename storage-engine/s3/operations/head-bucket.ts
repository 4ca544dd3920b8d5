import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html */
export function headBucket({ bucket }: BucketRequest): S3Response {
  return emptyResponse(200, ['x-amz-bucket-region', bucket.region, 'x-amz-access-point-alias', 'false'])
}

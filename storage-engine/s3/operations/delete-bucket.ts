import { deleteBucket as remove } from '#storage-engine/metadata/buckets.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html */
export async function deleteBucket({ engine, bucket }: BucketRequest): Promise<S3Response> {
  await remove(engine.db, { namespaceId: bucket.namespaceId, bucketId: bucket.id })
  return emptyResponse(204)
}

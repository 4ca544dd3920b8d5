import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html */
export async function deletePublicAccessBlock({ engine, bucket }: BucketRequest): Promise<S3Response> {
  await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'publicAccessBlock', value: null })
  return emptyResponse(204)
}

import { bucketAcl } from '#storage-engine/auth/object-ownership.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { readNewAcl } from '#storage-engine/s3/acl-body.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html */
export async function putBucketAcl(request: BucketRequest): Promise<S3Response> {
  const { engine, bucket } = request
  const requested = await readNewAcl(request, bucket.ownerId)
  const value = bucketAcl(bucket, requested)
  await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'acl', value })
  return emptyResponse(200)
}

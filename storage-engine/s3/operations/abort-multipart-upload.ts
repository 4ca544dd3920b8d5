import { abortUpload } from '#storage-engine/metadata/uploads.ts'
import { readUploadId } from '#storage-engine/s3/operations/upload-part.ts'
import type { KeyRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
export async function abortMultipartUpload(request: KeyRequest): Promise<S3Response> {
  const { engine, bucket, key } = request
  await abortUpload(engine.db, { bucketId: bucket.id, key, uploadId: readUploadId(request) })
  return emptyResponse(204)
}

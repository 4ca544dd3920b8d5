import { deleteObjects } from '#storage-engine/objects/delete-objects.ts'
import { notImplemented } from '#storage-engine/s3/object-headers.ts'
import type { KeyRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { checkVersionIdForm } from '#storage-engine/s3/version-id.ts'

const CONDITIONS = ['if-match', 'x-amz-if-match-last-modified-time', 'x-amz-if-match-size']

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export async function deleteObject(request: KeyRequest): Promise<S3Response> {
  const { headers, query, bucket, key } = request
  for (const name of CONDITIONS) if (headers.has(name)) throw notImplemented(name)
  const versionId = query.values.get('versionId')
  if (versionId !== undefined) checkVersionIdForm(versionId)
  // In a bucket that was never versioned there is only the null version: any other is gone already.
  if (versionId === undefined || versionId === 'null') await deleteObjects(request.engine, { bucket, keys: [key] })
  return emptyResponse(204, versionId === undefined ? [] : ['x-amz-version-id', versionId])
}

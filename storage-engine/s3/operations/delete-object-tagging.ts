import { updateObjectSettings } from '#storage-engine/objects/update-object.ts'
import { changedVersion, objectVersionHeader } from '#storage-engine/s3/changed-version.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html */
export async function deleteObjectTagging(request: ObjectRequest): Promise<S3Response> {
  await updateObjectSettings(request.engine, {
    ...changedVersion(request, 'ObjectTagging:Delete'),
    change: (settings) => {
      const { tags: _tags, ...others } = settings ?? {}
      return others
    },
  })
  return emptyResponse(204, objectVersionHeader(request))
}

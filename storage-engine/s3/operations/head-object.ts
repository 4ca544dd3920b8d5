import { selectBytes } from '#storage-engine/s3/operations/get-object.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export async function headObject(request: ObjectRequest): Promise<S3Response> {
  const { status, headers, range } = await selectBytes(request)
  const size = range === null ? request.object.size : range.end - range.start + 1
  headers.push('Content-Length', String(size))
  return emptyResponse(status, headers)
}

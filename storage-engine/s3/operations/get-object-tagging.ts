import { objectVersionHeader } from '#storage-engine/s3/changed-version.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { taggingXml } from '#storage-engine/s3/tagging-xml.ts'

/** An object without tags has an empty set of them. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html */
export function getObjectTagging(request: ObjectRequest): S3Response {
  return xmlResponse(taggingXml(request.object.settings?.tags ?? []), objectVersionHeader(request))
}

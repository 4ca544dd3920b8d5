import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

/** Empty until it was set for the first time. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAccelerateConfiguration.html */
export function getBucketAccelerateConfiguration({ bucket }: BucketRequest): S3Response {
  return xmlResponse(xmlDocument('AccelerateConfiguration', element('Status', bucket.settings.accelerate ?? null)))
}

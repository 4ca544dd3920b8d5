import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketRequestPayment.html */
export function getBucketRequestPayment({ bucket }: BucketRequest): S3Response {
  return xmlResponse(
    xmlDocument('RequestPaymentConfiguration', element('Payer', bucket.settings.payer ?? 'BucketOwner')),
  )
}

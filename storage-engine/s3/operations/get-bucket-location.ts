import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { escapeXml } from '#storage-engine/xml-text.ts'

/** Empty for us-east-1, as ever, unless the bucket was made with just that name. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html */
export function getBucketLocation({ bucket }: BucketRequest): S3Response {
  return xmlResponse(
    xmlDocument(
      'LocationConstraint',
      bucket.region === 'us-east-1' && !bucket.settings.namesRegion ? '' : escapeXml(bucket.region),
    ),
  )
}

import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

const STATUS = { unversioned: null, enabled: 'Enabled', suspended: 'Suspended' } as const

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html */
export function getBucketVersioning({ bucket }: BucketRequest): S3Response {
  return xmlResponse(xmlDocument('VersioningConfiguration', element('Status', STATUS[bucket.versioning])))
}

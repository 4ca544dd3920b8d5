import { StorageError } from '#storage-engine/errors.ts'
import { lifecycleXml } from '#storage-engine/s3/lifecycle-xml.ts'
import {
  TRANSITION_MINIMUM_DEFAULT,
  TRANSITION_MINIMUM_HEADER,
} from '#storage-engine/s3/operations/put-bucket-lifecycle-configuration.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html */
export function getBucketLifecycleConfiguration({ bucket }: BucketRequest): S3Response {
  const { lifecycle } = bucket.settings
  if (lifecycle === undefined) {
    throw new StorageError('NoSuchLifecycleConfiguration', { extra: { BucketName: bucket.name } })
  }
  const minimum = lifecycle.transitionMinimum ?? TRANSITION_MINIMUM_DEFAULT
  return xmlResponse(xmlDocument('LifecycleConfiguration', lifecycleXml(lifecycle)), [
    TRANSITION_MINIMUM_HEADER,
    minimum,
  ])
}

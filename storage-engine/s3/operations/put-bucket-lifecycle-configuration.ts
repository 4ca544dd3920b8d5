import type { LifecycleConfiguration } from '#storage-engine/bucket-settings.ts'
import { checkLifecycle } from '#storage-engine/buckets/check-lifecycle.ts'
import { invalidRequest } from '#storage-engine/buckets/invalid-configuration.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { readLifecycle } from '#storage-engine/s3/lifecycle-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'
import { readXml } from '#storage-engine/s3/xml-reader.ts'

export const TRANSITION_MINIMUM_HEADER = 'x-amz-transition-default-minimum-object-size'
export const TRANSITION_MINIMUM_DEFAULT = 'all_storage_classes_128K'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html */
export async function putBucketLifecycleConfiguration(request: BucketRequest): Promise<S3Response> {
  const { engine, bucket, headers, body } = request
  const transitionMinimum = readTransitionMinimum(request)
  const rules = checkLifecycle(engine.config, readLifecycle(readXml(await readDocument(headers, body, XML_BYTES_MAX))))
  await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'lifecycle', value: { rules, transitionMinimum } })
  return emptyResponse(200, [TRANSITION_MINIMUM_HEADER, transitionMinimum])
}

function readTransitionMinimum({ headers }: BucketRequest): NonNullable<LifecycleConfiguration['transitionMinimum']> {
  const value = headers.get(TRANSITION_MINIMUM_HEADER) ?? TRANSITION_MINIMUM_DEFAULT
  if (value === TRANSITION_MINIMUM_DEFAULT || value === 'varies_by_storage_class') return value
  throw invalidRequest('Invalid TransitionDefaultMinimumObjectSize found')
}

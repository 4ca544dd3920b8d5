import { checkNotification } from '#storage-engine/buckets/check-notification.ts'
import { setNotification } from '#storage-engine/buckets/set-notification.ts'
import { eventOrigin } from '#storage-engine/s3/event-origin.ts'
import { readNotification } from '#storage-engine/s3/notification-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'
import { readXml } from '#storage-engine/s3/xml-reader.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html */
export async function putBucketNotificationConfiguration(request: BucketRequest): Promise<S3Response> {
  const { engine, bucket, headers, body } = request
  const given = readNotification(readXml(await readDocument(headers, body, XML_BYTES_MAX)))
  await setNotification(engine, {
    bucket,
    configuration: checkNotification(bucket, given),
    isTrusted: headers.get('x-amz-skip-destination-validation')?.toLowerCase() === 'true',
    origin: eventOrigin(request),
  })
  return emptyResponse(200)
}

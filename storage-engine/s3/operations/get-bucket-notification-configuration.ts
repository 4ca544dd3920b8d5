import { notificationXml } from '#storage-engine/s3/notification-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'

/** Empty when there is none. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html */
export function getBucketNotificationConfiguration({ bucket }: BucketRequest): S3Response {
  const { notification } = bucket.settings
  return xmlResponse(
    xmlDocument('NotificationConfiguration', notification === undefined ? '' : notificationXml(notification)),
  )
}

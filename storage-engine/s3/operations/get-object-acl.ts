import { aclXml } from '#storage-engine/s3/acl-xml.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html */
export async function getObjectAcl({ bucket, object, owners }: ObjectRequest): Promise<S3Response> {
  const isEnforced = bucket.settings.ownership === 'BucketOwnerEnforced'
  const ownerId = isEnforced ? bucket.ownerId : object.ownerId
  return xmlResponse(await aclXml(owners, { ownerId, acl: isEnforced ? undefined : object.settings?.acl }))
}

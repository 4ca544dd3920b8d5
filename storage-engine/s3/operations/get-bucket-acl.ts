import { aclXml } from '#storage-engine/s3/acl-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html */
export async function getBucketAcl({ bucket, owners }: BucketRequest): Promise<S3Response> {
  const { ownerId, settings } = bucket
  const acl = settings.ownership === 'BucketOwnerEnforced' ? undefined : settings.acl
  return xmlResponse(await aclXml(owners, { ownerId, acl }))
}

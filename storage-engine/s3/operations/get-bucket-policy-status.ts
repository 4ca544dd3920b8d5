import { cachedPolicy } from '#storage-engine/auth/cached-policy.ts'
import { isPublicAcl, isPublicPolicy } from '#storage-engine/auth/public-access.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

/**
 * Whether anybody may come in: by the policy, or by an ACL that counts. In AWS an ACL does not; here the answer is the same
 * for both ways in. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html
 */
export function getBucketPolicyStatus({ bucket }: BucketRequest): S3Response {
  const { policy, acl, ownership, publicAccessBlock } = bucket.settings
  const hasAcls = ownership !== 'BucketOwnerEnforced' && publicAccessBlock?.ignorePublicAcls !== true
  const isPublic =
    (policy !== undefined && isPublicPolicy(cachedPolicy(policy, 'bucket'))) || (hasAcls && isPublicAcl(acl))
  return xmlResponse(xmlDocument('PolicyStatus', element('IsPublic', isPublic)))
}

import type { RequestedAcl } from '#storage-engine/auth/object-ownership.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { readRequestedAcl } from '#storage-engine/s3/acl-headers.ts'
import { readAccessControlPolicy } from '#storage-engine/s3/acl-xml.ts'
import { resolveGrants } from '#storage-engine/s3/grantees.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'

/**
 * The ACL that PutBucketAcl and PutObjectAcl set: in headers or in a document, but not in both. An owner cannot be changed.
 * Throws AccessDenied, InvalidArgument, InvalidRequest, MalformedACLError, MissingSecurityHeader, UnexpectedContent,
 * UnresolvableGrantByEmailAddress and what documents throw.
 */
export async function readNewAcl(
  { engine, headers, body, owners }: BucketRequest,
  ownerId: string,
): Promise<Exclude<RequestedAcl, { kind: 'none' }>> {
  const inHeaders = await readRequestedAcl(engine, headers)
  const content = await readDocument(headers, body, XML_BYTES_MAX)
  if (inHeaders.kind !== 'none') {
    if (content.length > 0) throw new StorageError('UnexpectedContent')
    return inHeaders
  }
  if (content.length === 0) {
    throw new StorageError('MissingSecurityHeader', { extra: { MissingHeaderName: 'x-amz-acl' } })
  }
  const policy = readAccessControlPolicy(content)
  if (policy.ownerId !== null && policy.ownerId !== (await owners.getOwner(ownerId)).canonicalId) {
    throw new StorageError('AccessDenied')
  }
  return { kind: 'grants', grants: await resolveGrants(engine, policy.grants) }
}

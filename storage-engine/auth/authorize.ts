import type { ObjectUserPrincipal, Principal } from '#storage-engine/auth/principal.ts'
import { StorageError } from '#storage-engine/errors.ts'

export type Resource = { kind: 'service' } | { kind: 'bucket'; bucket: ResourceBucket }

interface ResourceBucket {
  namespaceId: string
  ownerId: string
}

export const SERVICE: Resource = { kind: 'service' }

const SERVICE_ACTIONS: ReadonlySet<string> = new Set(['s3:ListAllMyBuckets', 's3:CreateBucket'])

/**
 * May `principal` do `action` (an IAM action name) on `resource`? Object users have owner rights over their own buckets,
 * the root user of a namespace over all of its buckets; nobody else has any right, so whoever passes is an object user.
 * Throws AccessDenied, always the same.
 */
export function authorize(principal: Principal, action: string, resource: Resource): ObjectUserPrincipal {
  if (principal.kind === 'object-user' && isAllowed(principal, action, resource)) return principal
  throw new StorageError('AccessDenied')
}

/** The 404-or-403 rule: only who may list a bucket learns that a key is not there. */
export function mayKnowThatKeyIsMissing(principal: Principal, bucket: ResourceBucket): boolean {
  return principal.kind === 'object-user' && isAllowed(principal, 's3:ListBucket', { kind: 'bucket', bucket })
}

function isAllowed(principal: ObjectUserPrincipal, action: string, resource: Resource): boolean {
  if (resource.kind === 'service') return SERVICE_ACTIONS.has(action)
  const { bucket } = resource
  if (SERVICE_ACTIONS.has(action) || bucket.namespaceId !== principal.namespaceId) return false
  return principal.isRoot || bucket.ownerId === principal.id
}

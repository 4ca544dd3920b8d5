import type { Principal } from '#storage-engine/auth/principal.ts'

/** What an action is asked for; null is the service itself. */
export interface AccessQuestion {
  principal: Principal
  /** An IAM action name: `s3:GetObject`. */
  action: string
  bucket: ResourceBucket | null
}

interface ResourceBucket {
  readonly namespaceId: string
  readonly ownerId: string
}

const SERVICE_ACTIONS: ReadonlySet<string> = new Set(['s3:ListAllMyBuckets', 's3:CreateBucket'])

/**
 * May the principal do this? Object users have owner rights over their own buckets, the root user of a namespace over all
 * of its buckets; nobody else has any right.
 */
export function isAllowed({ principal, action, bucket }: AccessQuestion): boolean {
  if (principal.kind !== 'object-user') return false
  if (bucket === null) return SERVICE_ACTIONS.has(action)
  if (SERVICE_ACTIONS.has(action) || bucket.namespaceId !== principal.namespaceId) return false
  return principal.isRoot || bucket.ownerId === principal.id
}

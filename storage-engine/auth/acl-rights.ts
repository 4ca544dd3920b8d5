import type { Acl, Permission } from '#storage-engine/object-settings.ts'

/** Actions that a grant on a bucket gives. https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions */
const BUCKET_RIGHTS: ReadonlyMap<string, Permission> = new Map([
  ['s3:ListBucket', 'READ'],
  ['s3:ListBucketVersions', 'READ'],
  ['s3:ListBucketMultipartUploads', 'READ'],
  ['s3:PutObject', 'WRITE'],
  ['s3:DeleteObject', 'WRITE'],
  ['s3:GetBucketAcl', 'READ_ACP'],
  ['s3:PutBucketAcl', 'WRITE_ACP'],
])

/** Actions that a grant on an object gives. */
const OBJECT_RIGHTS: ReadonlyMap<string, Permission> = new Map([
  ['s3:GetObject', 'READ'],
  ['s3:GetObjectVersion', 'READ'],
  ['s3:GetObjectTorrent', 'READ'],
  ['s3:GetObjectAcl', 'READ_ACP'],
  ['s3:GetObjectVersionAcl', 'READ_ACP'],
  ['s3:PutObjectAcl', 'WRITE_ACP'],
  ['s3:PutObjectVersionAcl', 'WRITE_ACP'],
])

/** Whom grants are looked up for. */
export interface Grantee {
  /** Those for whom it acts: itself, its account. */
  ids: readonly string[]
  isAuthenticated: boolean
  /** Grants to everybody, or to all that sign, do not count. */
  ignoresGroups: boolean
}

export type GrantedBy = 'user' | 'group'

/** Whether a bucket's ACL gives an action, and by which kind of grant; null when it does not. */
export function grantOnBucket(acl: Acl | undefined, action: string, grantee: Grantee): GrantedBy | null {
  return findGrant(acl, BUCKET_RIGHTS.get(action), grantee)
}

export function grantOnObject(acl: Acl | undefined, action: string, grantee: Grantee): GrantedBy | null {
  return findGrant(acl, OBJECT_RIGHTS.get(action), grantee)
}

function findGrant(acl: Acl | undefined, wanted: Permission | undefined, grantee: Grantee): GrantedBy | null {
  if (acl === undefined || wanted === undefined) return null
  let found: GrantedBy | null = null
  for (const grant of acl) {
    if (grant.permission !== wanted && grant.permission !== 'FULL_CONTROL') continue
    if (grant.grantee.kind === 'group') {
      if (!grantee.ignoresGroups && isInGroup(grant.grantee.group, grantee)) return 'group'
    } else if (grantee.ids.includes(grant.grantee.id)) found = 'user'
  }
  return found
}

function isInGroup(group: 'AllUsers' | 'AuthenticatedUsers' | 'LogDelivery', { isAuthenticated }: Grantee): boolean {
  return group === 'AllUsers' || (group === 'AuthenticatedUsers' && isAuthenticated)
}

import { ownerIdOf, type Principal } from '#storage-engine/auth/principal.ts'
import { isPublicAcl } from '#storage-engine/auth/public-access.ts'
import type { BucketSettings } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Acl, Grant, Permission } from '#storage-engine/object-settings.ts'

export const CANNED_ACLS = [
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
  'log-delivery-write',
] as const

export type CannedAcl = (typeof CANNED_ACLS)[number]

/** How a request asks for an ACL. */
export type RequestedAcl = { kind: 'none' } | { kind: 'canned'; name: CannedAcl } | { kind: 'grants'; grants: Acl }

interface OwnedBucket {
  readonly ownerId: string
  readonly settings: Pick<BucketSettings, 'ownership' | 'publicAccessBlock'>
}

export interface ObjectOwnership {
  ownerId: string
  /** Null: full control for the owner. */
  acl: Acl | null
}

/** Whoever acts for the namespace of a bucket writes for the bucket's owner, everybody else for itself. */
export function writerIdIn(principal: Principal, bucket: { ownerId: string; namespaceId: string }): string {
  const isActing = principal.kind === 'storage-account' || principal.kind === 'role-session'
  return isActing && principal.namespaceId === bucket.namespaceId ? bucket.ownerId : ownerIdOf(principal)
}

/**
 * To whom a new object belongs, and who may do what with it. Throws AccessControlListNotSupported and AccessDenied.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
 */
export function ownershipOfNewObject(
  bucket: OwnedBucket,
  { writerId, requested }: { writerId: string; requested: RequestedAcl },
): ObjectOwnership {
  const { ownership } = bucket.settings
  const isHandedOver = requested.kind === 'canned' && requested.name === 'bucket-owner-full-control'
  if (ownership === 'BucketOwnerEnforced') {
    if (requested.kind !== 'none' && !isHandedOver) throw new StorageError('AccessControlListNotSupported')
    return { ownerId: bucket.ownerId, acl: null }
  }
  if (ownership === 'BucketOwnerPreferred' && isHandedOver) return { ownerId: bucket.ownerId, acl: null }
  return { ownerId: writerId, acl: objectAcl(bucket, { ownerId: writerId, requested }) }
}

/** The ACL of an object that belongs to `ownerId` already. Throws AccessControlListNotSupported and AccessDenied. */
export function objectAcl(
  bucket: OwnedBucket,
  { ownerId, requested }: { ownerId: string; requested: RequestedAcl },
): Acl | null {
  if (bucket.settings.ownership === 'BucketOwnerEnforced' && requested.kind !== 'none') {
    throw new StorageError('AccessControlListNotSupported')
  }
  return unblocked(bucket, expand(requested, { ownerId, bucketOwnerId: bucket.ownerId, on: 'object' }))
}

/** The ACL of a bucket. Throws AccessControlListNotSupported and AccessDenied. */
export function bucketAcl(bucket: OwnedBucket, requested: RequestedAcl): Acl | null {
  if (bucket.settings.ownership === 'BucketOwnerEnforced' && requested.kind !== 'none') {
    throw new StorageError('AccessControlListNotSupported')
  }
  return unblocked(bucket, expand(requested, { ownerId: bucket.ownerId, bucketOwnerId: bucket.ownerId, on: 'bucket' }))
}

/** Does the ACL give anything to anybody but the owner? */
export function isAclShared(acl: Acl | undefined, ownerId: string): boolean {
  return acl?.some(({ grantee }) => grantee.kind === 'group' || grantee.id !== ownerId) ?? false
}

/** BlockPublicAcls. https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html */
function unblocked({ settings }: OwnedBucket, acl: Acl | null): Acl | null {
  if (settings.publicAccessBlock?.blockPublicAcls !== true || acl === null || !isPublicAcl(acl)) return acl
  throw new StorageError('AccessDenied', { message: 'Public access control lists are blocked on this bucket.' })
}

interface Owners {
  ownerId: string
  bucketOwnerId: string
  on: 'bucket' | 'object'
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl */
function expand(requested: RequestedAcl, { ownerId, bucketOwnerId, on }: Owners): Acl | null {
  if (requested.kind === 'none') return null
  if (requested.kind === 'grants') return requested.grants
  const owner: Grant = { grantee: { kind: 'user', id: ownerId }, permission: 'FULL_CONTROL' }
  const isShared = on === 'object' && ownerId !== bucketOwnerId
  const bucketOwner = (permission: Permission): Acl | null =>
    isShared ? [owner, { grantee: { kind: 'user', id: bucketOwnerId }, permission }] : null
  switch (requested.name) {
    case 'public-read':
      return [group('AllUsers', 'READ'), owner]
    case 'public-read-write':
      return [group('AllUsers', 'READ'), group('AllUsers', 'WRITE'), owner]
    case 'authenticated-read':
      return [group('AuthenticatedUsers', 'READ'), owner]
    case 'bucket-owner-read':
      return bucketOwner('READ')
    case 'bucket-owner-full-control':
      return bucketOwner('FULL_CONTROL')
    case 'log-delivery-write':
      return on === 'bucket' ? [group('LogDelivery', 'WRITE'), group('LogDelivery', 'READ_ACP'), owner] : null
    case 'private':
    case 'aws-exec-read':
      return null
  }
}

function group(name: 'AllUsers' | 'AuthenticatedUsers' | 'LogDelivery', permission: Permission): Grant {
  return { grantee: { kind: 'group', group: name }, permission }
}

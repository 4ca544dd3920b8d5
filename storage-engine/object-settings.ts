/** What is stored of an object version besides its bytes and headers. Types only: every floor may see them. */

/** `[key, value]` in the order in which they were given. */
export type Tag = readonly [key: string, value: string]

export type Permission = 'FULL_CONTROL' | 'READ' | 'READ_ACP' | 'WRITE' | 'WRITE_ACP'

export interface Grant {
  /** An owner by canonical id, or one of S3's groups. */
  grantee:
    | { kind: 'user'; canonicalId: string }
    | { kind: 'group'; group: 'AllUsers' | 'AuthenticatedUsers' | 'LogDelivery' }
  permission: Permission
}

/** An absent ACL is the private one: full control for the owner. The owner is a column of its own. */
export type Acl = readonly Grant[]

/** How a client asked for a version to be sealed; absent when it did not ask and only the namespace's mode counts. */
export type ObjectEncryption =
  | { kind: 's3' }
  | { kind: 'kms'; keyId: string; isBucketKeyEnabled: boolean; context?: string }
  /** The key itself is never stored: its MD5, base64, only tells a wrong key from the right one. */
  | { kind: 'customer'; keyMd5: string }

export interface ObjectSettings {
  tags?: readonly Tag[]
  acl?: Acl
  encryption?: ObjectEncryption
  /** Absent is STANDARD. */
  storageClass?: string
  /** x-amz-website-redirect-location. */
  websiteRedirect?: string
  /** Of an archived version that was restored; ISO time until which it may be read. */
  restoredUntil?: string
}

export interface ObjectLock {
  mode?: 'GOVERNANCE' | 'COMPLIANCE'
  /** ISO time; there when and only when `mode` is. */
  retainUntil?: string
  legalHold?: boolean
}

/** What is stored of an object version besides its bytes and headers. Types only: every floor may see them. */

/** `[key, value]` in the order in which they were given. */
export type Tag = readonly [key: string, value: string]

export type Permission = 'FULL_CONTROL' | 'READ' | 'READ_ACP' | 'WRITE' | 'WRITE_ACP'

export interface Grant {
  /** An object user or a storage account by our own id, or one of S3's groups. */
  grantee: { kind: 'user'; id: string } | { kind: 'group'; group: 'AllUsers' | 'AuthenticatedUsers' | 'LogDelivery' }
  permission: Permission
}

/** An absent ACL is the private one: full control for the owner. The owner is a column of its own. */
export type Acl = readonly Grant[]

/**
 * How a version was asked to be sealed, by its request or its bucket; absent when nobody asked and only the namespace's
 * mode counts. With `kms` and `customer` its data key opens only by a second key (docs/formats/keys.md).
 */
export type ObjectEncryption =
  | { kind: 's3' }
  | {
      kind: 'kms'
      /** Of the named key: immutable. */
      keyId: string
      keyVersion: number
      /** As the key was asked for, which is how it is answered. */
      keyName: string
      isBucketKeyEnabled: boolean
      /** Base64 of JSON, as it came. */
      context?: string
    }
  /** Nothing of the key is stored: that it is the right one shows when the data key opens. */
  | { kind: 'customer' }

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

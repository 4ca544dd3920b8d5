/** Who asks. Anonymous is a principal like any other, so that no code path can forget to look. */
export type Principal = AnonymousPrincipal | ObjectUserPrincipal | StorageAccountPrincipal

export interface AnonymousPrincipal {
  kind: 'anonymous'
}

/** An owner in S3's sense; the root user of a namespace owns whatever is in it. */
export interface ObjectUserPrincipal {
  kind: 'object-user'
  id: string
  namespaceId: string
  /** 64 hexadecimal digits. */
  canonicalId: string
  displayName: string
  isRoot: boolean
}

/** An IAM-like user of a namespace: no right until granted. */
export interface StorageAccountPrincipal {
  kind: 'storage-account'
  id: string
  namespaceId: string
  name: string
}

export const ANONYMOUS: AnonymousPrincipal = { kind: 'anonymous' }

/** Who asks. Anonymous is a principal like any other, so that no code path can forget to look. */
export type Principal = AnonymousPrincipal | ObjectUserPrincipal | StorageAccountPrincipal | RoleSessionPrincipal

export interface AnonymousPrincipal {
  kind: 'anonymous'
}

/** An owner in S3's sense; the root user of a namespace owns whatever is in it. */
export interface ObjectUserPrincipal extends Identity {
  kind: 'object-user'
  id: string
  /** 64 hexadecimal digits; in ARNs and in IAM also its user name. */
  canonicalId: string
  displayName: string
  isRoot: boolean
}

/** An IAM user of a namespace: no right until granted. What it makes belongs to the namespace's root object user. */
export interface StorageAccountPrincipal extends Identity, PolicyBound {
  kind: 'storage-account'
  id: string
  name: string
}

/** Whoever assumed a role of a namespace. */
export interface RoleSessionPrincipal extends Identity, PolicyBound {
  kind: 'role-session'
  /** The role's. */
  id: string
  roleName: string
  sessionName: string
}

/** What all who sign have in common. */
interface Identity {
  namespaceId: string
  namespaceName: string
  /** What stands in ARNs for the account; may be empty. */
  accountId: string
  /** Of the namespace, when the policies here were read. */
  iamEpoch: number
  /** Its own, its groups' and its role's, inline and attached: texts of valid policies. */
  identityPolicies: readonly string[]
  /** Of temporary credentials: these must allow besides. Null when there are none. */
  sessionPolicies: readonly string[] | null
  /** Signed with temporary credentials. */
  isTemporary: boolean
  /** Of temporary credentials: when they were issued, in milliseconds since the epoch. */
  issuedAt?: number
}

/** What storage accounts and role sessions have in common. */
interface PolicyBound {
  /** As IAM shows it: AIDA… of a storage account, AROA… of a role. */
  uniqueId: string
  /** `/`, or `/division/`. */
  path: string
  /** The namespace's root object user. */
  owner: { id: string; canonicalId: string; displayName: string }
  /** By key, in the key's own spelling. */
  tags: ReadonlyMap<string, string>
}

export const ANONYMOUS: AnonymousPrincipal = { kind: 'anonymous' }

/** The object user id under which objects of anonymous writers are kept. */
export const ANONYMOUS_OWNER_ID = '00000000-0000-0000-0000-000000000000'
/** As AWS shows it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html */
export const ANONYMOUS_CANONICAL_ID = '65a011a29cdf8ec533ec3d1ccaae921c'

/** Under which a multipart upload keeps who began it: an object user, a storage account or a role. */
export function initiatorIdOf(principal: Principal): string {
  return principal.kind === 'anonymous' ? ANONYMOUS_OWNER_ID : principal.id
}

/** The object user to whom belongs what `principal` makes. */
export function ownerIdOf(principal: Principal): string {
  if (principal.kind === 'object-user') return principal.id
  return principal.kind === 'anonymous' ? ANONYMOUS_OWNER_ID : principal.owner.id
}

import type { Principal } from '#storage-engine/auth/principal.ts'

/** Whom a policy names. An empty account is that of the resource to which the policy belongs. */
export type PrincipalPattern =
  | { kind: 'anyone' }
  | { kind: 'account'; account: string }
  /** `path` is the whole rest of the ARN behind `user`, `role`: `/division/name`. */
  | { kind: 'user'; account: string; path: string }
  | { kind: 'role'; account: string; path: string }
  | { kind: 'session'; account: string; roleName: string; sessionName: string }
  /** A canonical id, or an id as IAM shows it (AIDA…, AROA…). */
  | { kind: 'id'; id: string }
  | { kind: 'service'; name: string }
  | { kind: 'federated'; provider: string }

/** A part of the storage service itself that acts for no caller, such as the delivery of access logs. */
export interface ServicePrincipal {
  kind: 'service'
  /** `logging.s3.amazonaws.com` */
  name: string
}

/**
 * How closely a policy names somebody: not at all; only the account, which leaves it to the account's own policies; the
 * user, the role or everybody; the very session.
 */
export type Reach = 'none' | 'account' | 'identity' | 'session'

/** `arn:aws:iam::account:user/name`, and the `urn:…` that other stores use for it. */
const ARN = /^(?:arn|urn):[a-z0-9-]+:(?:iam|sts|identity)::([A-Za-z0-9-]*):(.+)$/
const NAME = /^[A-Za-z0-9+=,.@_-]+$/
const ID = /^(?:[0-9a-f]{64}|[0-9a-f]{32}|(?:AIDA|AROA)[A-Z0-9]{12,124})$/
const ACCOUNT_ID = /^\d{12}$/

/** Reads one value of `"AWS"`; null for what names nobody. */
export function parseAwsPrincipal(value: string): PrincipalPattern | null {
  if (value === '*') return { kind: 'anyone' }
  if (ACCOUNT_ID.test(value)) return { kind: 'account', account: value }
  if (ID.test(value)) return { kind: 'id', id: value }
  const arn = ARN.exec(value)
  return arn === null ? null : parseArnPrincipal(arn[1] as string, arn[2] as string)
}

function parseArnPrincipal(account: string, rest: string): PrincipalPattern | null {
  if (rest === 'root') return { kind: 'account', account }
  const [type, ...names] = rest.split('/')
  if (names.length === 0 || !names.every((name) => NAME.test(name))) return null
  const path = `/${names.join('/')}`
  if (type === 'user' || type === 'role') return { kind: type, account, path }
  const [roleName, sessionName] = names
  if (type !== 'assumed-role' || names.length !== 2) return null
  return { kind: 'session', account, roleName: roleName as string, sessionName: sessionName as string }
}

/** `namespaceName` is that of the resource to which the policy belongs. */
export function reachOf(
  pattern: PrincipalPattern,
  principal: Principal | ServicePrincipal,
  namespaceName: string,
): Reach {
  if (pattern.kind === 'anyone') return 'identity'
  if (principal.kind === 'service') {
    return pattern.kind === 'service' && pattern.name === principal.name ? 'identity' : 'none'
  }
  if (principal.kind === 'anonymous' || pattern.kind === 'service' || pattern.kind === 'federated') return 'none'
  if (pattern.kind === 'id') return reachOfId(pattern.id, principal)
  if (!isOfAccount(principal, pattern.account === '' ? namespaceName : pattern.account)) return 'none'
  switch (pattern.kind) {
    case 'account':
      return principal.kind === 'object-user' && principal.isRoot ? 'identity' : 'account'
    case 'user':
      return isUser(principal, pattern.path) ? 'identity' : 'none'
    case 'role':
      return principal.kind === 'role-session' && pattern.path === `${principal.path}${principal.roleName}`
        ? 'identity'
        : 'none'
    case 'session':
      return principal.kind === 'role-session' &&
        pattern.roleName === principal.roleName &&
        pattern.sessionName === principal.sessionName
        ? 'session'
        : 'none'
  }
}

/** Namespaces may share an empty account id, so only their names tell them apart for certain. */
function isOfAccount(
  { accountId, namespaceName }: Exclude<Principal, { kind: 'anonymous' }>,
  account: string,
): boolean {
  return account !== '' && (account === namespaceName || account === accountId)
}

/** The id of a namespace's root user is, as in AWS, that of the whole account. */
function reachOfId(id: string, principal: Exclude<Principal, { kind: 'anonymous' }>): Reach {
  if (principal.kind === 'object-user') return id === principal.canonicalId ? 'identity' : 'none'
  if (id === principal.uniqueId) return 'identity'
  return id === principal.owner.canonicalId ? 'account' : 'none'
}

/** Object users have no name of their own: their canonical ids stand for it. */
function isUser(principal: Exclude<Principal, { kind: 'anonymous' }>, path: string): boolean {
  if (principal.kind === 'storage-account') return path === `${principal.path}${principal.name}`
  return principal.kind === 'object-user' && path === `/${principal.canonicalId}`
}

/** What stands in `aws:PrincipalArn`; that of a session is its role's. */
export function arnOf(principal: Exclude<Principal, { kind: 'anonymous' }>): string {
  const account = `arn:aws:iam::${principal.accountId}`
  if (principal.kind === 'storage-account') return `${account}:user${principal.path}${principal.name}`
  if (principal.kind === 'role-session') return `${account}:role${principal.path}${principal.roleName}`
  return principal.isRoot ? `${account}:root` : `${account}:user/${principal.canonicalId}`
}

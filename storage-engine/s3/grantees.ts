import { ANONYMOUS_CANONICAL_ID } from '#storage-engine/auth/principal.ts'
import { uuidOfUniqueId } from '#storage-engine/auth/unique-id.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { type FoundGrantees, findGrantees } from '#storage-engine/metadata/grantees.ts'
import type { Acl, Grant, Permission } from '#storage-engine/object-settings.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html */
export const GRANTS_MAX = 100

export type Group = 'AllUsers' | 'AuthenticatedUsers' | 'LogDelivery'

export const GROUP_URIS: Record<Group, string> = {
  AllUsers: 'http://acs.amazonaws.com/groups/global/AllUsers',
  AuthenticatedUsers: 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers',
  LogDelivery: 'http://acs.amazonaws.com/groups/s3/LogDelivery',
}
const GROUPS = new Map(Object.entries(GROUP_URIS).map(([group, uri]) => [uri, group as Group]))

/** A grant as a client writes it. */
export interface NamedGrant {
  by: 'id' | 'emailAddress' | 'uri'
  value: string
  permission: Permission
}

/**
 * Finds out whom the grants mean, in one statement when they name people. Throws MalformedACLError for more than 100,
 * InvalidArgument for ids and groups that do not exist, UnresolvableGrantByEmailAddress, AmbiguousGrantByEmailAddress.
 */
export async function resolveGrants({ db }: Pick<Engine, 'db'>, named: readonly NamedGrant[]): Promise<Acl> {
  if (named.length > GRANTS_MAX) throw new StorageError('MalformedACLError')
  const valuesOf = (by: NamedGrant['by']) => named.filter((grant) => grant.by === by).map(({ value }) => value)
  const ids = valuesOf('id')
  const emails = valuesOf('emailAddress').map((email) => email.toLowerCase())
  const storageAccountIds = ids.map((id) => uuidOfUniqueId('user', id)).filter((id) => id !== null)
  const isAnyone = ids.length > 0 || emails.length > 0
  const found = isAnyone ? await findGrantees(db, { canonicalIds: ids, emails, storageAccountIds }) : null
  return named.map((grant) => ({ grantee: granteeOf(grant, found), permission: grant.permission }))
}

function granteeOf({ by, value }: NamedGrant, found: FoundGrantees | null): Grant['grantee'] {
  if (by === 'uri') {
    const group = GROUPS.get(value)
    if (group === undefined) throw invalid('Invalid group uri', { name: 'Group/URI', value })
    return { kind: 'group', group }
  }
  if (by === 'emailAddress') {
    const [id, ...others] = found?.byEmail.get(value.toLowerCase()) ?? []
    if (id === undefined) throw new StorageError('UnresolvableGrantByEmailAddress', { extra: { Email: value } })
    if (others.length > 0) throw new StorageError('AmbiguousGrantByEmailAddress', { extra: { Email: value } })
    return { kind: 'user', id }
  }
  const id = found === null ? undefined : findId(value, found)
  if (id === undefined) throw invalid('Invalid id', { name: 'CanonicalUser/ID', value })
  return { kind: 'user', id }
}

/** To grant something to the anonymous owner would be to grant it to everybody, which has a group of its own. */
function findId(value: string, { byCanonicalId, storageAccountIds }: FoundGrantees): string | undefined {
  if (value === ANONYMOUS_CANONICAL_ID) return undefined
  const account = uuidOfUniqueId('user', value)
  return byCanonicalId.get(value) ?? (account !== null && storageAccountIds.has(account) ? account : undefined)
}

function invalid(message: string, { name, value }: { name: string; value: string }): StorageError {
  return new StorageError('InvalidArgument', { message, extra: { ArgumentName: name, ArgumentValue: value } })
}

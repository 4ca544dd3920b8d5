import type { TextRow } from '#storage-engine/metadata/hot-connection.ts'
import { readBytes } from '#storage-engine/metadata/text-row.ts'

/** Whoever may hold credentials, with everything that its rights depend on, all of one moment. */
export type FoundIdentity = IdentityOfNamespace &
  (
    | { kind: 'object-user'; id: string; canonicalId: string; displayName: string; isRoot: boolean }
    | { kind: 'storage-account'; id: string; name: string; path: string; tags: Record<string, string> }
    | { kind: 'role'; id: string; name: string; path: string; tags: Record<string, string> }
  )

interface IdentityOfNamespace {
  namespaceId: string
  namespaceName: string
  /** What stands in ARNs for the account; may be empty. */
  accountId: string
  /** Grows with every change of IAM in the namespace. */
  iamEpoch: number
  /** Signatures of version 2 do not count here. */
  refusesSigV2: boolean
  /** The namespace's root object user. */
  owner: { id: string; canonicalId: string; displayName: string }
  /** Documents: its own and its groups', inline and attached. */
  policies: string[]
  /** Names of attached policies that every namespace has. */
  builtinPolicies: string[]
}

export interface IdentityAddress {
  kind: FoundIdentity['kind']
  /** A UUID. */
  id: string
}

export interface FoundAccessKey {
  accessKeyId: string
  sealedSecret: Buffer
  state: 'active' | 'inactive'
  expiresAt: Date | null
  holder: FoundIdentity
}

/** An identity as JSON, of one of the rows u (object user), a (storage account) and r (role), whichever is there. */
const IDENTITY = `json_build_object(
  'kind', case when u.id is not null then 'object-user' when a.id is not null then 'storage-account' else 'role' end,
  'id', coalesce(u.id, a.id, r.id), 'canonicalId', u.canonical_id, 'displayName', u.display_name, 'isRoot', u.is_root,
  'name', coalesce(a.name, r.name), 'path', coalesce(a.path, r.path), 'tags', coalesce(a.tags, r.tags),
  'namespaceId', s.id, 'namespaceName', s.name, 'accountId', s.account_id, 'iamEpoch', coalesce(e.epoch, 0), 'refusesSigV2', s.refuses_sigv2,
  'owner', json_build_object('id', o.id, 'canonicalId', o.canonical_id, 'displayName', o.display_name),
  'policies', p.documents, 'builtinPolicies', p.builtin_names)`

const IDENTITY_JOINS = `
join namespaces s on s.id = coalesce(u.namespace_id, a.namespace_id, r.namespace_id)
join object_users o on o.namespace_id = s.id and o.is_root
left join iam_epochs e on e.namespace_id = s.id
cross join lateral (
  select coalesce(json_agg(document) filter (where document is not null), '[]') as documents,
    coalesce(json_agg(builtin_name) filter (where builtin_name is not null), '[]') as builtin_names
  from (
    select document, null::text as builtin_name from iam_inline_policies
    where object_user_id = u.id or storage_account_id = a.id or role_id = r.id
      or group_id in (select group_id from iam_group_members where storage_account_id = a.id)
    union all
    select v.document, t.builtin_name from iam_attached_policies t
    left join iam_managed_policies m on m.id = t.policy_id
    left join iam_managed_policy_versions v on v.policy_id = m.id and v.version = m.default_version
    where t.storage_account_id = a.id or t.role_id = r.id
      or t.group_id in (select group_id from iam_group_members where storage_account_id = a.id)) granted) p`

/** Of access keys by id: $1. */
export const ACCESS_KEYS_TEXT = `
select i.n, k.access_key_id, k.sealed_secret, k.state, (date_part('epoch', k.expires_at) * 1000)::bigint, ${IDENTITY}
from unnest($1::text[]) with ordinality as i (access_key_id, n)
join access_keys k on k.access_key_id = i.access_key_id
left join object_users u on u.id = k.object_user_id and u.namespace_id = k.namespace_id
left join storage_accounts a on a.id = k.storage_account_id and a.namespace_id = k.namespace_id
left join iam_roles r on false${IDENTITY_JOINS}`

/** Of identities by kind and id: $1 and $2. */
export const IDENTITIES_TEXT = `
select i.n, ${IDENTITY}
from unnest($1::text[], $2::uuid[]) with ordinality as i (kind, id, n)
left join object_users u on i.kind = 'object-user' and u.id = i.id
left join storage_accounts a on i.kind = 'storage-account' and a.id = i.id
left join iam_roles r on i.kind = 'role' and r.id = i.id${IDENTITY_JOINS}`

export function readAccessKey(row: TextRow): FoundAccessKey {
  const [, accessKeyId, sealedSecret, state, expiresAt, holder] = row
  return {
    accessKeyId: accessKeyId as string,
    sealedSecret: readBytes(sealedSecret) as Buffer,
    state: state as FoundAccessKey['state'],
    expiresAt: expiresAt ? new Date(Number(expiresAt)) : null,
    holder: JSON.parse(holder as string),
  }
}

export function readIdentity(row: TextRow): FoundIdentity {
  return JSON.parse(row[1] as string)
}

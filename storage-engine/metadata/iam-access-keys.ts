import type { Queryable } from '#storage-engine/metadata/database.ts'

/** Whose keys they are. */
export interface KeyHolder {
  kind: 'object-user' | 'user'
  id: string
}

export interface HeldAccessKey {
  accessKeyId: string
  state: 'active' | 'inactive'
  createdAt: Date
  lastUsedAt: Date | null
  lastUsedService: string | null
}

const COLUMNS = { 'object-user': 'object_user_id', user: 'storage_account_id' } as const
const KEY = `access_key_id as "accessKeyId", state, created_at as "createdAt", last_used_at as "lastUsedAt", last_used_service as "lastUsedService"`

/** Oldest first. */
export function listKeysOfHolder(
  db: Queryable,
  { namespaceId, holder }: { namespaceId: string; holder: KeyHolder },
): Promise<HeldAccessKey[]> {
  return db.query({
    name: `list-keys-of-${holder.kind}`,
    text: `select ${KEY} from access_keys where namespace_id = $1 and ${COLUMNS[holder.kind]} = $2 order by created_at, access_key_id`,
    values: [namespaceId, holder.id],
  })
}

export interface KeyWithHolder extends HeldAccessKey {
  /** Null of the root object user. */
  holder: { name: string; path: string } | null
}

/** A key of the namespace with its holder as IAM names it. */
export async function findKeyWithHolder(
  db: Queryable,
  { namespaceId, accessKeyId }: { namespaceId: string; accessKeyId: string },
): Promise<KeyWithHolder | null> {
  const [found] = await db.query<KeyWithHolder>({
    name: 'find-key-with-holder',
    text: `
select k.access_key_id as "accessKeyId", k.state, k.created_at as "createdAt", k.last_used_at as "lastUsedAt",
  k.last_used_service as "lastUsedService",
  case when u.is_root then null
    else json_build_object('name', coalesce(a.name, u.canonical_id), 'path', coalesce(a.path, '/')) end as holder
from access_keys k left join storage_accounts a on a.id = k.storage_account_id left join object_users u on u.id = k.object_user_id
where k.namespace_id = $1 and k.access_key_id = $2`,
    values: [namespaceId, accessKeyId],
  })
  return found ?? null
}

export async function findObjectUserByCanonicalId(
  db: Queryable,
  { namespaceId, canonicalId }: { namespaceId: string; canonicalId: string },
): Promise<{ id: string; canonicalId: string; isRoot: boolean; createdAt: Date } | null> {
  const [found] = await db.query<{ id: string; canonicalId: string; isRoot: boolean; createdAt: Date }>({
    name: 'find-object-user-by-canonical-id',
    text: `
select id, canonical_id as "canonicalId", is_root as "isRoot", created_at as "createdAt" from object_users
where namespace_id = $1 and canonical_id = $2`,
    values: [namespaceId, canonicalId],
  })
  return found ?? null
}

/** Notes when and for what keys were used last; never earlier than what is noted already. */
export async function setKeysUsed(
  db: Queryable,
  { uses, usedAt }: { uses: { accessKeyId: string; service: string }[]; usedAt: Date },
): Promise<void> {
  await db.query({
    name: 'set-keys-used',
    text: `
update access_keys k set last_used_at = $3, last_used_service = u.service
from unnest($1::text[], $2::text[]) as u (access_key_id, service)
where k.access_key_id = u.access_key_id and (k.last_used_at is null or k.last_used_at < $3)`,
    values: [uses.map(({ accessKeyId }) => accessKeyId), uses.map(({ service }) => service), usedAt],
  })
}

import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import type { Statement } from '#storage-engine/metadata/hot-connection.ts'
import { isOrphan } from '#storage-engine/metadata/postgres-errors.ts'

/** Whose policy it is. */
export interface PolicyHolder {
  kind: 'object-user' | 'user' | 'group' | 'role'
  id: string
}

/** One of the namespace, or one that every namespace has. */
export type AttachedPolicy = { policyId: string; builtinName?: never } | { builtinName: string; policyId?: never }

const COLUMNS = {
  'object-user': 'object_user_id',
  user: 'storage_account_id',
  group: 'group_id',
  role: 'role_id',
} as const

/** Adds an inline policy or replaces it. */
export async function putInlinePolicy(
  db: Queryable,
  input: { namespaceId: string; holder: PolicyHolder; name: string; document: string },
): Promise<void> {
  const { namespaceId, holder, name, document } = input
  await queryHolder(db, {
    name: `put-inline-policy-${holder.kind}`,
    text: `
insert into iam_inline_policies (namespace_id, ${COLUMNS[holder.kind]}, name, document) values ($1, $2, $3, $4)
on conflict (storage_account_id, group_id, role_id, object_user_id, name) do update set document = excluded.document`,
    values: [namespaceId, holder.id, name, document],
  })
}

/** By name. */
export function listInlinePolicies(
  db: Queryable,
  { holder }: { holder: PolicyHolder },
): Promise<{ name: string; document: string }[]> {
  return db.query({
    name: `list-inline-policies-${holder.kind}`,
    text: `select name, document from iam_inline_policies where ${COLUMNS[holder.kind]} = $1 order by name COLLATE "C"`,
    values: [holder.id],
  })
}

/** False when there is none of this name. */
export async function deleteInlinePolicy(
  db: Queryable,
  { holder, name }: { holder: PolicyHolder; name: string },
): Promise<boolean> {
  const deleted = await db.query({
    name: `delete-inline-policy-${holder.kind}`,
    text: `delete from iam_inline_policies where ${COLUMNS[holder.kind]} = $1 and name = $2 returning name`,
    values: [holder.id, name],
  })
  return deleted.length > 0
}

/** Idempotent. */
export async function attachPolicy(
  db: Queryable,
  { namespaceId, holder, policy }: { namespaceId: string; holder: PolicyHolder; policy: AttachedPolicy },
): Promise<void> {
  await queryHolder(db, {
    name: `attach-policy-${attachableColumn(holder)}`,
    text: `
insert into iam_attached_policies (namespace_id, ${attachableColumn(holder)}, policy_id, builtin_name) values ($1, $2, $3, $4)
on conflict do nothing`,
    values: [namespaceId, holder.id, policy.policyId ?? null, policy.builtinName ?? null],
  })
}

/** False when it was not attached. */
export async function detachPolicy(
  db: Queryable,
  { holder, policy }: { holder: PolicyHolder; policy: AttachedPolicy },
): Promise<boolean> {
  const deleted = await db.query({
    name: `detach-policy-${attachableColumn(holder)}`,
    text: `
delete from iam_attached_policies
where ${attachableColumn(holder)} = $1 and policy_id is not distinct from $2 and builtin_name is not distinct from $3
returning namespace_id`,
    values: [holder.id, policy.policyId ?? null, policy.builtinName ?? null],
  })
  return deleted.length > 0
}

/** By name; a path is null of one that every namespace has. */
export function listAttachedPolicies(
  db: Queryable,
  { holder }: { holder: PolicyHolder },
): Promise<{ name: string; path: string | null }[]> {
  return db.query({
    name: `list-attached-policies-${attachableColumn(holder)}`,
    text: `
select coalesce(m.name, t.builtin_name) as name, m.path from iam_attached_policies t
left join iam_managed_policies m on m.id = t.policy_id
where t.${attachableColumn(holder)} = $1 order by coalesce(m.name, t.builtin_name) COLLATE "C"`,
    values: [holder.id],
  })
}

/** To whom a policy is attached within a namespace, by name. */
export function listPolicyHolders(
  db: Queryable,
  { namespaceId, policy }: { namespaceId: string; policy: AttachedPolicy },
): Promise<{ kind: 'user' | 'group' | 'role'; id: string; name: string; path: string }[]> {
  return db.query({
    name: 'list-policy-holders',
    text: `
select case when a.id is not null then 'user' when g.id is not null then 'group' else 'role' end as kind,
  coalesce(a.id, g.id, r.id) as id, coalesce(a.name, g.name, r.name) as name, coalesce(a.path, g.path, r.path) as path
from iam_attached_policies t left join storage_accounts a on a.id = t.storage_account_id
left join iam_groups g on g.id = t.group_id left join iam_roles r on r.id = t.role_id
where t.namespace_id = $1 and t.policy_id is not distinct from $2 and t.builtin_name is not distinct from $3
order by lower(coalesce(a.name, g.name, r.name)) COLLATE "C"`,
    values: [namespaceId, policy.policyId ?? null, policy.builtinName ?? null],
  })
}

export interface PolicyVersion {
  version: number
  document: string
  isDefault: boolean
  createdAt: Date
}

/** Newest first. */
export function listPolicyVersions(db: Queryable, { policyId }: { policyId: string }): Promise<PolicyVersion[]> {
  return db.query({
    name: 'list-policy-versions',
    text: `
select v.version, v.document, v.version = m.default_version as "isDefault", v.created_at as "createdAt"
from iam_managed_policy_versions v join iam_managed_policies m on m.id = v.policy_id
where v.policy_id = $1 order by v.version desc`,
    values: [policyId],
  })
}

/** The number of the new version. */
export async function insertPolicyVersion(
  tx: Queryable,
  { policyId, document, isDefault }: { policyId: string; document: string; isDefault: boolean },
): Promise<number> {
  const [policy] = await tx.query<{ version: number }>({
    name: 'next-policy-version',
    text: `
update iam_managed_policies set last_version = last_version + 1, updated_at = now(),
  default_version = case when $2 then last_version + 1 else default_version end
where id = $1 returning last_version as version`,
    values: [policyId, isDefault],
  })
  if (policy === undefined) throw new StorageError('NoSuchEntity')
  await tx.query({
    name: 'insert-policy-version',
    text: 'insert into iam_managed_policy_versions (policy_id, version, document) values ($1, $2, $3)',
    values: [policyId, policy.version, document],
  })
  return policy.version
}

export async function setDefaultPolicyVersion(
  db: Queryable,
  { policyId, version }: { policyId: string; version: number },
): Promise<void> {
  await db.query({
    name: 'set-default-policy-version',
    text: 'update iam_managed_policies set default_version = $2, updated_at = now() where id = $1',
    values: [policyId, version],
  })
}

export async function deletePolicyVersion(
  db: Queryable,
  { policyId, version }: { policyId: string; version: number },
): Promise<void> {
  await db.query({
    name: 'delete-policy-version',
    text: 'delete from iam_managed_policy_versions where policy_id = $1 and version = $2',
    values: [policyId, version],
  })
}

/** Whoever is given a policy may be gone by now. Throws NoSuchEntity. */
async function queryHolder(db: Queryable, statement: Statement): Promise<void> {
  try {
    await db.query(statement)
  } catch (error) {
    throw isOrphan(error) ? new StorageError('NoSuchEntity', { cause: error }) : error
  }
}

function attachableColumn({ kind }: PolicyHolder): string {
  if (kind !== 'object-user') return COLUMNS[kind]
  throw new StorageError('InvalidInput', { message: 'Managed policies cannot be attached to an object user.' })
}

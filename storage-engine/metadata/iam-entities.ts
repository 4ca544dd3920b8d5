import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { isDuplicate } from '#storage-engine/metadata/postgres-errors.ts'

export type IamTags = Record<string, string>

/** What all things of IAM have that go by a name and a path. */
export interface IamEntity {
  id: string
  /** Told apart without regard to case. */
  name: string
  path: string
  createdAt: Date
}

export interface IamUser extends IamEntity {
  tags: IamTags
}

export type IamGroup = IamEntity

export interface IamRole extends IamEntity {
  description: string | null
  /** JSON as it came. */
  trustPolicy: string
  maxSessionSeconds: number
  tags: IamTags
}

export interface IamManagedPolicy extends IamEntity {
  description: string | null
  tags: IamTags
  defaultVersion: number
  updatedAt: Date
  attachmentCount: number
}

export interface IamEntities {
  user: IamUser
  group: IamGroup
  role: IamRole
  policy: IamManagedPolicy
}

export type IamEntityKind = keyof IamEntities

const COMMON = 'e.id, e.name, e.path, e.created_at as "createdAt"'
const TABLES: Record<IamEntityKind, { table: string; columns: string; nameConstraint: string }> = {
  user: { table: 'storage_accounts', columns: `${COMMON}, e.tags`, nameConstraint: 'storage_accounts_name' },
  group: { table: 'iam_groups', columns: COMMON, nameConstraint: 'iam_groups_name' },
  role: {
    table: 'iam_roles',
    columns: `${COMMON}, e.tags, e.description, e.trust_policy as "trustPolicy", e.max_session_seconds as "maxSessionSeconds"`,
    nameConstraint: 'iam_roles_name',
  },
  policy: {
    table: 'iam_managed_policies',
    columns: `${COMMON}, e.tags, e.description, e.default_version as "defaultVersion", e.updated_at as "updatedAt",
  (select count(*) from iam_attached_policies t where t.policy_id = e.id)::integer as "attachmentCount"`,
    nameConstraint: 'iam_managed_policies_name',
  },
}

export async function findIamEntity<Kind extends IamEntityKind>(
  db: Queryable,
  { kind, namespaceId, name }: { kind: Kind; namespaceId: string; name: string },
): Promise<IamEntities[Kind] | null> {
  const { table, columns } = TABLES[kind]
  const [found] = await db.query<IamEntities[Kind]>({
    name: `find-iam-${kind}`,
    text: `select ${columns} from ${table} e where e.namespace_id = $1 and lower(e.name) COLLATE "C" = lower($2) COLLATE "C"`,
    values: [namespaceId, name],
  })
  return found ?? null
}

/** By lower-case name behind `after`, which is one too. */
export function listIamEntities<Kind extends IamEntityKind>(
  db: Queryable,
  input: { kind: Kind; namespaceId: string; pathPrefix: string; after: string; limit: number },
): Promise<IamEntities[Kind][]> {
  const { table, columns } = TABLES[input.kind]
  return db.query({
    name: `list-iam-${input.kind}`,
    text: `
select ${columns} from ${table} e
where e.namespace_id = $1 and starts_with(e.path, $2) and lower(e.name) COLLATE "C" > $3
order by lower(e.name) COLLATE "C" limit $4`,
    values: [input.namespaceId, input.pathPrefix, input.after, input.limit],
  })
}

export async function countIamEntities(
  db: Queryable,
  { kind, namespaceId }: { kind: IamEntityKind; namespaceId: string },
): Promise<number> {
  const [counted] = await db.query<{ count: number }>({
    name: `count-iam-${kind}`,
    text: `select count(*)::integer as count from ${TABLES[kind].table} where namespace_id = $1`,
    values: [namespaceId],
  })
  return counted?.count ?? 0
}

/** Throws EntityAlreadyExists. */
export function insertIamUser(
  db: Queryable,
  user: { id: string; namespaceId: string; name: string; path: string; tags: IamTags },
): Promise<void> {
  return write(db, 'user', {
    name: 'insert-iam-user',
    text: 'insert into storage_accounts (id, namespace_id, name, path, tags) values ($1, $2, $3, $4, $5)',
    values: [user.id, user.namespaceId, user.name, user.path, JSON.stringify(user.tags)],
  })
}

/** Throws EntityAlreadyExists. */
export function insertIamGroup(
  db: Queryable,
  group: { id: string; namespaceId: string; name: string; path: string },
): Promise<void> {
  return write(db, 'group', {
    name: 'insert-iam-group',
    text: 'insert into iam_groups (id, namespace_id, name, path) values ($1, $2, $3, $4)',
    values: [group.id, group.namespaceId, group.name, group.path],
  })
}

/** Throws EntityAlreadyExists. */
export function insertIamRole(
  db: Queryable,
  role: Omit<IamRole, 'createdAt'> & { namespaceId: string },
): Promise<void> {
  const { id, namespaceId, name, path, description, trustPolicy, maxSessionSeconds, tags } = role
  return write(db, 'role', {
    name: 'insert-iam-role',
    text: `
insert into iam_roles (id, namespace_id, name, path, description, trust_policy, max_session_seconds, tags)
values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [id, namespaceId, name, path, description, trustPolicy, maxSessionSeconds, JSON.stringify(tags)],
  })
}

/** With its first version. Throws EntityAlreadyExists. */
export async function insertIamPolicy(
  tx: Queryable,
  policy: Pick<IamManagedPolicy, 'id' | 'name' | 'path' | 'description' | 'tags'> & {
    namespaceId: string
    document: string
  },
): Promise<void> {
  const { id, namespaceId, name, path, description, tags, document } = policy
  await write(tx, 'policy', {
    name: 'insert-iam-policy',
    text: `
insert into iam_managed_policies (id, namespace_id, name, path, description, tags, default_version, last_version)
values ($1, $2, $3, $4, $5, $6, 1, 1)`,
    values: [id, namespaceId, name, path, description, JSON.stringify(tags)],
  })
  await tx.query({
    name: 'insert-iam-policy-version-1',
    text: 'insert into iam_managed_policy_versions (policy_id, version, document) values ($1, 1, $2)',
    values: [id, document],
  })
}

/** Gives a user or a group another name and path. Throws EntityAlreadyExists. */
export function renameIamEntity(
  db: Queryable,
  { kind, id, name, path }: { kind: 'user' | 'group'; id: string; name: string; path: string },
): Promise<void> {
  return write(db, kind, {
    name: `rename-iam-${kind}`,
    text: `update ${TABLES[kind].table} set name = $2, path = $3 where id = $1`,
    values: [id, name, path],
  })
}

/** Changes what is named and leaves the rest, which somebody else may be changing at the same time. */
export function updateIamRole(
  db: Queryable,
  role: Pick<IamRole, 'id'> & Partial<Pick<IamRole, 'description' | 'maxSessionSeconds' | 'trustPolicy'>>,
): Promise<void> {
  return write(db, 'role', {
    name: 'update-iam-role',
    text: `
update iam_roles set description = coalesce($2, description), max_session_seconds = coalesce($3, max_session_seconds),
  trust_policy = coalesce($4, trust_policy)
where id = $1`,
    values: [role.id, role.description ?? null, role.maxSessionSeconds ?? null, role.trustPolicy ?? null],
  })
}

export function setIamTags(
  db: Queryable,
  { kind, id, tags }: { kind: 'user' | 'role' | 'policy'; id: string; tags: IamTags },
): Promise<void> {
  return write(db, kind, {
    name: `tag-iam-${kind}`,
    text: `update ${TABLES[kind].table} set tags = $2 where id = $1`,
    values: [id, JSON.stringify(tags)],
  })
}

/** Whatever hangs on it must be gone, or ends with it. */
export function deleteIamEntity(db: Queryable, { kind, id }: { kind: IamEntityKind; id: string }): Promise<void> {
  return write(db, kind, {
    name: `delete-iam-${kind}`,
    text: `delete from ${TABLES[kind].table} where id = $1`,
    values: [id],
  })
}

async function write(
  db: Queryable,
  kind: IamEntityKind,
  statement: { name: string; text: string; values: unknown[] },
): Promise<void> {
  try {
    await db.query(statement)
  } catch (error) {
    if (!isDuplicate(error, TABLES[kind].nameConstraint)) throw error
    throw new StorageError('EntityAlreadyExists', { message: `A ${kind} of this name exists already.` })
  }
}

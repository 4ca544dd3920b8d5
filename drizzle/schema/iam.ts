import { sql } from 'drizzle-orm'
import {
  bigint,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { objectUsers, storageAccounts } from './accounts.ts'
import { namespaces } from './namespaces.ts'

const createdAt = () => timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow()
const namespaceId = () =>
  uuid('namespace_id')
    .notNull()
    .references(() => namespaces.id)

/** Grows with every change of who may do what in a namespace; what a gateway remembers under another epoch is not used. */
export const iamEpochs = pgTable('iam_epochs', {
  namespaceId: uuid('namespace_id')
    .primaryKey()
    .references(() => namespaces.id),
  epoch: bigint({ mode: 'number' }).notNull(),
})

export const iamGroups = pgTable(
  'iam_groups',
  {
    id: uuid().primaryKey(),
    namespaceId: namespaceId(),
    name: text().notNull(),
    path: text().notNull(),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex('iam_groups_name').on(table.namespaceId, sql`lower(${table.name}) COLLATE "C"`)],
)

export const iamGroupMembers = pgTable(
  'iam_group_members',
  {
    groupId: uuid('group_id')
      .notNull()
      .references(() => iamGroups.id, { onDelete: 'cascade' }),
    storageAccountId: uuid('storage_account_id')
      .notNull()
      .references(() => storageAccounts.id, { onDelete: 'cascade' }),
  },
  (table) => [
    primaryKey({ columns: [table.storageAccountId, table.groupId] }),
    index('iam_group_members_by_group').on(table.groupId),
  ],
)

/** Identities that others take on for a while: sts:AssumeRole. */
export const iamRoles = pgTable(
  'iam_roles',
  {
    id: uuid().primaryKey(),
    namespaceId: namespaceId(),
    name: text().notNull(),
    path: text().notNull(),
    description: text(),
    /** Who may take it on; JSON as it came. */
    trustPolicy: text('trust_policy').notNull(),
    maxSessionSeconds: integer('max_session_seconds').notNull(),
    tags: jsonb().$type<Record<string, string>>().notNull().default({}),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex('iam_roles_name').on(table.namespaceId, sql`lower(${table.name}) COLLATE "C"`)],
)

/** Policies that belong to one identity and end with it. */
export const iamInlinePolicies = pgTable(
  'iam_inline_policies',
  {
    namespaceId: namespaceId(),
    objectUserId: uuid('object_user_id').references(() => objectUsers.id, { onDelete: 'cascade' }),
    storageAccountId: uuid('storage_account_id').references(() => storageAccounts.id, { onDelete: 'cascade' }),
    groupId: uuid('group_id').references(() => iamGroups.id, { onDelete: 'cascade' }),
    roleId: uuid('role_id').references(() => iamRoles.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    /** JSON as it came. */
    document: text().notNull(),
  },
  (table) => [
    unique('iam_inline_policies_name')
      .on(table.storageAccountId, table.groupId, table.roleId, table.objectUserId, table.name)
      .nullsNotDistinct(),
    index('iam_inline_policies_by_group').on(table.groupId),
    index('iam_inline_policies_by_role').on(table.roleId),
    index('iam_inline_policies_by_object_user').on(table.objectUserId),
    check(
      'iam_inline_policies_one_holder',
      sql`num_nonnulls(${table.objectUserId}, ${table.storageAccountId}, ${table.groupId}, ${table.roleId}) = 1`,
    ),
  ],
)

/** Policies of a namespace that many identities may share. */
export const iamManagedPolicies = pgTable(
  'iam_managed_policies',
  {
    id: uuid().primaryKey(),
    namespaceId: namespaceId(),
    name: text().notNull(),
    path: text().notNull(),
    description: text(),
    tags: jsonb().$type<Record<string, string>>().notNull().default({}),
    /** The version that counts. */
    defaultVersion: integer('default_version').notNull(),
    /** Numbers are not used again. */
    lastVersion: integer('last_version').notNull(),
    createdAt: createdAt(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [uniqueIndex('iam_managed_policies_name').on(table.namespaceId, sql`lower(${table.name}) COLLATE "C"`)],
)

export const iamManagedPolicyVersions = pgTable(
  'iam_managed_policy_versions',
  {
    policyId: uuid('policy_id')
      .notNull()
      .references(() => iamManagedPolicies.id, { onDelete: 'cascade' }),
    version: integer().notNull(),
    document: text().notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.policyId, table.version] })],
)

/** Which identities a managed policy is attached to: one of the namespace, or one that every namespace has. */
export const iamAttachedPolicies = pgTable(
  'iam_attached_policies',
  {
    namespaceId: namespaceId(),
    storageAccountId: uuid('storage_account_id').references(() => storageAccounts.id, { onDelete: 'cascade' }),
    groupId: uuid('group_id').references(() => iamGroups.id, { onDelete: 'cascade' }),
    roleId: uuid('role_id').references(() => iamRoles.id, { onDelete: 'cascade' }),
    policyId: uuid('policy_id').references(() => iamManagedPolicies.id),
    builtinName: text('builtin_name'),
  },
  (table) => [
    unique('iam_attached_policies_once')
      .on(table.storageAccountId, table.groupId, table.roleId, table.policyId, table.builtinName)
      .nullsNotDistinct(),
    index('iam_attached_policies_by_group').on(table.groupId),
    index('iam_attached_policies_by_role').on(table.roleId),
    index('iam_attached_policies_by_policy').on(table.policyId),
    check(
      'iam_attached_policies_one_holder',
      sql`num_nonnulls(${table.storageAccountId}, ${table.groupId}, ${table.roleId}) = 1`,
    ),
    check('iam_attached_policies_one_policy', sql`num_nonnulls(${table.policyId}, ${table.builtinName}) = 1`),
  ],
)

/** Issuers whose tokens roles may be assumed with. */
export const iamOidcProviders = pgTable(
  'iam_oidc_providers',
  {
    id: uuid().primaryKey(),
    namespaceId: namespaceId(),
    /** Without its scheme, as in the provider's ARN. */
    host: text().notNull(),
    url: text().notNull(),
    clientIds: text('client_ids').array().notNull(),
    thumbprints: text().array().notNull(),
    tags: jsonb().$type<Record<string, string>>().notNull().default({}),
    createdAt: createdAt(),
  },
  (table) => [unique('iam_oidc_providers_host').on(table.namespaceId, table.host)],
)

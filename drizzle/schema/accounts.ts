import { sql } from 'drizzle-orm'
import { boolean, check, index, jsonb, pgTable, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bytes } from './columns.ts'
import { namespaces } from './namespaces.ts'

/** S3 owners: what an ACL names. Each namespace has one root object user; its key is the global access key. */
export const objectUsers = pgTable(
  'object_users',
  {
    id: uuid().primaryKey(),
    namespaceId: uuid('namespace_id')
      .notNull()
      .references(() => namespaces.id),
    /** 64 hexadecimal digits, the `ID` of S3's Owner. */
    canonicalId: text('canonical_id').notNull().unique(),
    displayName: text('display_name').notNull(),
    email: text().unique(),
    isRoot: boolean('is_root').notNull().default(false),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    index('object_users_by_namespace').on(table.namespaceId),
    uniqueIndex('object_users_one_root').on(table.namespaceId).where(sql`${table.isRoot}`),
  ],
)

/** The IAM users of a namespace; without a policy they may do nothing. */
export const storageAccounts = pgTable(
  'storage_accounts',
  {
    id: uuid().primaryKey(),
    namespaceId: uuid('namespace_id')
      .notNull()
      .references(() => namespaces.id),
    name: text().notNull(),
    /** Begins and ends with a slash. */
    path: text().notNull().default('/'),
    tags: jsonb().$type<Record<string, string>>().notNull().default({}),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  // IAM tells names apart without regard to case, and lists them so.
  (table) => [uniqueIndex('storage_accounts_name').on(table.namespaceId, sql`lower(${table.name}) COLLATE "C"`)],
)

/** Belongs to exactly one object user or storage account. The secret is sealed by the credential key. */
export const accessKeys = pgTable(
  'access_keys',
  {
    accessKeyId: text('access_key_id').primaryKey(),
    namespaceId: uuid('namespace_id')
      .notNull()
      .references(() => namespaces.id),
    objectUserId: uuid('object_user_id').references(() => objectUsers.id),
    storageAccountId: uuid('storage_account_id').references(() => storageAccounts.id),
    sealedSecret: bytes('sealed_secret').notNull(),
    state: text({ enum: ['active', 'inactive'] }).notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    expiresAt: timestamp('expires_at', { withTimezone: true, precision: 3 }),
    lastUsedAt: timestamp('last_used_at', { withTimezone: true, precision: 3 }),
    /** What it was used for then: s3, iam or sts. */
    lastUsedService: text('last_used_service'),
  },
  (table) => [
    index('access_keys_by_namespace').on(table.namespaceId),
    index('access_keys_by_object_user').on(table.objectUserId),
    index('access_keys_by_storage_account').on(table.storageAccountId),
    check('access_keys_one_holder', sql`num_nonnulls(${table.objectUserId}, ${table.storageAccountId}) = 1`),
  ],
)

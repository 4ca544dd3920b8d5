import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import type { BucketSettings } from '#storage-engine/bucket-settings.ts'
import { objectUsers } from './accounts.ts'
import { byteText } from './columns.ts'
import { namespaces } from './namespaces.ts'

export const buckets = pgTable(
  'buckets',
  {
    id: uuid().primaryKey(),
    namespaceId: uuid('namespace_id')
      .notNull()
      .references(() => namespaces.id),
    ownerId: uuid('owner_id')
      .notNull()
      .references(() => objectUsers.id),
    /** Unique within the whole service. */
    name: byteText().notNull().unique(),
    region: text().notNull(),
    versioning: text({ enum: ['unversioned', 'enabled', 'suspended'] })
      .notNull()
      .default('unversioned'),
    /** Sub-resources (tagging, cors, policy…) by name. */
    settings: jsonb().$type<BucketSettings>().notNull().default({}),
    /** Grows with every change of `settings`, so that look-ups need not carry them. */
    settingsVersion: integer('settings_version').notNull().default(0),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    index('buckets_by_namespace').on(table.namespaceId, table.name),
    index('buckets_with_lifecycle').on(table.id).where(sql`settings ? 'lifecycle'`),
  ],
)

/** Folded usage; add the bucket's `usage_deltas` for the exact figure. */
export const bucketUsage = pgTable('bucket_usage', {
  bucketId: uuid('bucket_id').primaryKey(),
  objectCount: bigint('object_count', { mode: 'number' }).notNull().default(0),
  sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull().default(0),
  /** Objects of which every byte is sealed. */
  sealedCount: bigint('sealed_count', { mode: 'number' }).notNull().default(0),
  /** How many of `sizeBytes` are sealed. */
  sealedBytes: bigint('sealed_bytes', { mode: 'number' }).notNull().default(0),
})

/** One row a commit group and bucket, so that no counter row is hot; a job folds them into `bucket_usage`. */
export const usageDeltas = pgTable(
  'usage_deltas',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    bucketId: uuid('bucket_id').notNull(),
    objectCount: bigint('object_count', { mode: 'number' }).notNull(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    sealedCount: bigint('sealed_count', { mode: 'number' }).notNull(),
    sealedBytes: bigint('sealed_bytes', { mode: 'number' }).notNull(),
  },
  (table) => [index('usage_deltas_by_bucket').on(table.bucketId)],
)

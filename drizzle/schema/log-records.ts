import { bigint, date, index, integer, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import type { LoggingConfiguration } from '#storage-engine/bucket-settings.ts'
import { byteText } from './columns.ts'

/**
 * Records of server access logs that wait for their delivery: one row holds what one process recorded of one bucket in a
 * moment. Buckets are named without a reference, as records outlive them.
 */
export const logRecords = pgTable(
  'log_records',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    namespaceId: uuid('namespace_id').notNull(),
    /** The one that the requests were for. */
    bucketId: uuid('bucket_id').notNull(),
    bucketName: byteText('bucket_name').notNull(),
    /** An object user. */
    bucketOwnerId: uuid('bucket_owner_id').notNull(),
    region: text().notNull(),
    /** Where the records go, as it was set when they were made. */
    logging: jsonb().$type<LoggingConfiguration>().notNull(),
    /** The day in UTC on which all of the requests came. */
    day: date({ mode: 'string' }).notNull(),
    recordCount: integer('record_count').notNull(),
    /** One record a line, each ended by a line feed; ASCII. */
    lines: text().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [index('log_records_by_bucket').on(table.bucketId, table.day, table.id)],
)

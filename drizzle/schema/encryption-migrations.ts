import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, pgTable, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { namespaces } from './namespaces.ts'

/** Conversions of what a namespace stores to what its switch says. At most one of a namespace is on its way. */
export const encryptionMigrations = pgTable(
  'encryption_migrations',
  {
    id: uuid().primaryKey(),
    namespaceId: uuid('namespace_id')
      .notNull()
      .references(() => namespaces.id),
    direction: text({ enum: ['encrypt', 'decrypt'] }).notNull(),
    /** cleaning: nothing refers to plaintext any more, and what is left of it is being removed from the nodes. */
    state: text({ enum: ['running', 'paused', 'cleaning', 'done', 'failed', 'cancelled'] }).notNull(),
    /** Of the namespace when it began: another one means that the switch was thrown again, which ends it. */
    encryptionEpoch: integer('encryption_epoch').notNull(),
    /** Bytes of plaintext a second; null for no limit. */
    rateLimit: bigint('rate_limit', { mode: 'number' }),
    /** Object versions and parts of open uploads. */
    doneCount: bigint('done_count', { mode: 'number' }).notNull().default(0),
    doneBytes: bigint('done_bytes', { mode: 'number' }).notNull().default(0),
    /** As they were counted at the beginning; null until then. */
    totalCount: bigint('total_count', { mode: 'number' }),
    totalBytes: bigint('total_bytes', { mode: 'number' }),
    /** Over the last seconds; null while nothing moves. */
    bytesPerSecond: bigint('bytes_per_second', { mode: 'number' }),
    /** Where the present pass is; null at its beginning. */
    position: jsonb().$type<{ bucketId: string; key: string }>(),
    startedBy: text('started_by').notNull(),
    /** What it has to tell: `storeNotice`. */
    message: text(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    endedAt: timestamp('ended_at', { withTimezone: true, precision: 3 }),
  },
  (table) => [
    uniqueIndex('encryption_migrations_under_way')
      .on(table.namespaceId)
      .where(sql`state in ('running', 'paused', 'cleaning')`),
    index('encryption_migrations_by_namespace').on(table.namespaceId, table.createdAt),
  ],
)

import { sql } from 'drizzle-orm'
import { bigint, index, jsonb, pgTable, primaryKey, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { namespaces } from './namespaces.ts'

/** Names of the root keys (L0) that this installation has had; the keys themselves are with the root provider. */
export const rootKeys = pgTable(
  'root_keys',
  {
    id: uuid().notNull(),
    version: bigint({ mode: 'number' }).notNull(),
    /** When it was first seen to be the active one. */
    activeSince: timestamp('active_since', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    /** When another one was first seen in its place. */
    replacedAt: timestamp('replaced_at', { withTimezone: true, precision: 3 }),
    /** When everything that a root key wraps was found to be wrapped by this one, and nobody could still use an older one. */
    rewrappedAt: timestamp('rewrapped_at', { withTimezone: true, precision: 3 }),
    retiredAt: timestamp('retired_at', { withTimezone: true, precision: 3 }),
  },
  (table) => [
    primaryKey({ columns: [table.id, table.version] }),
    uniqueIndex('root_keys_one_active').on(sql`(true)`).where(sql`replaced_at is null`),
  ],
)

/** Passes that wrap the data keys of a namespace under its newest key. */
export const keyRewraps = pgTable(
  'key_rewraps',
  {
    id: uuid().primaryKey(),
    namespaceId: uuid('namespace_id')
      .notNull()
      .references(() => namespaces.id),
    state: text({ enum: ['running', 'done', 'failed', 'cancelled'] }).notNull(),
    startedBy: text('started_by').notNull(),
    doneCount: bigint('done_count', { mode: 'number' }).notNull().default(0),
    totalCount: bigint('total_count', { mode: 'number' }).notNull(),
    /** Why it failed: `storeNotice`. */
    message: text(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    endedAt: timestamp('ended_at', { withTimezone: true, precision: 3 }),
  },
  (table) => [
    index('key_rewraps_by_namespace').on(table.namespaceId, table.createdAt),
    uniqueIndex('key_rewraps_one_running').on(table.namespaceId).where(sql`state = 'running'`),
  ],
)

/** Destructions of all keys of a namespace: asked for, taken back, or done. */
export const namespaceShreds = pgTable(
  'namespace_shreds',
  {
    id: uuid().primaryKey(),
    namespaceId: uuid('namespace_id')
      .notNull()
      .references(() => namespaces.id),
    /** destroying: the keys are gone from this database, perhaps not yet from the keystore. */
    state: text({ enum: ['scheduled', 'cancelled', 'destroying', 'done'] }).notNull(),
    scheduledBy: text('scheduled_by').notNull(),
    scheduledAt: timestamp('scheduled_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    dueAt: timestamp('due_at', { withTimezone: true, precision: 3 }).notNull(),
    destroyedAt: timestamp('destroyed_at', { withTimezone: true, precision: 3 }),
    /** What keeps it from being done though it is due: `storeNotice`. */
    message: text(),
    /** The signed record of the destruction. */
    record: jsonb().$type<Record<string, unknown>>(),
  },
  (table) => [
    uniqueIndex('namespace_shreds_one').on(table.namespaceId).where(sql`state <> 'cancelled'`),
    index('namespace_shreds_due').on(table.dueAt).where(sql`state in ('scheduled', 'destroying')`),
  ],
)

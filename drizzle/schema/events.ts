import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, pgTable, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core'
import { bytes, byteText } from './columns.ts'
import { namespaces } from './namespaces.ts'

/** Where a namespace's event notifications may go; a bucket's configuration names one by its ARN. */
export const webhooks = pgTable(
  'webhooks',
  {
    id: uuid().primaryKey(),
    namespaceId: uuid('namespace_id')
      .notNull()
      .references(() => namespaces.id),
    /** Last field of its ARN. */
    name: text().notNull(),
    url: text().notNull(),
    /** The signing secret, sealed by the credential key. */
    sealedSecret: bytes('sealed_secret').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [unique('webhooks_name').on(table.namespaceId, table.name)],
)

/**
 * The outbox: what happened to an object, inserted by the transaction in which it happened, removed once it is delivered.
 * Of one key, a smaller id happened earlier: rows of a key are written under that key's lock.
 */
export const events = pgTable(
  'events',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    namespaceId: uuid('namespace_id').notNull(),
    bucketId: uuid('bucket_id').notNull(),
    key: byteText().notNull(),
    /** Of the webhook that the bucket's configuration named when it happened. */
    targetArn: text('target_arn').notNull(),
    /** `ObjectCreated:Put`, as it is delivered. */
    eventName: text('event_name').notNull(),
    /** What the door knew of it beforehand; the commit adds time, version, size and ETag. */
    details: jsonb().$type<Record<string, unknown>>().notNull(),
    /** As clients see it; null in a bucket that was never versioned. */
    versionId: text('version_id'),
    size: bigint({ mode: 'number' }),
    etag: text(),
    happenedAt: timestamp('happened_at', { withTimezone: true, precision: 3 }).notNull(),
    attemptCount: integer('attempt_count').notNull().default(0),
    dueAt: timestamp('due_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    /** Given up: kept until somebody looks, and delivered no more. */
    diedAt: timestamp('died_at', { withTimezone: true, precision: 3 }),
  },
  (table) => [
    index('events_due').on(table.dueAt).where(sql`died_at is null`),
    index('events_order').on(table.bucketId, table.key, table.id).where(sql`died_at is null`),
    index('events_dead').on(table.namespaceId, table.id).where(sql`died_at is not null`),
  ],
)

/** The delivery log: one row an attempt. */
export const eventDeliveries = pgTable(
  'event_deliveries',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    namespaceId: uuid('namespace_id').notNull(),
    /** Of the event, which is gone once it is delivered. */
    eventId: bigint('event_id', { mode: 'number' }).notNull(),
    targetArn: text('target_arn').notNull(),
    eventName: text('event_name').notNull(),
    bucketName: text('bucket_name').notNull(),
    key: byteText().notNull(),
    attempt: integer().notNull(),
    at: timestamp({ withTimezone: true, precision: 3 }).notNull().defaultNow(),
    /** Milliseconds. */
    durationMs: integer('duration_ms').notNull(),
    /** Of the webhook's answer; null when there was none. */
    status: integer(),
    /** Null when it was delivered. */
    error: text(),
  },
  (table) => [
    index('event_deliveries_by_namespace').on(table.namespaceId, table.id),
    index('event_deliveries_by_time').on(table.at),
  ],
)

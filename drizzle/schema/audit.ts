import { bigint, index, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { bytes } from './columns.ts'

/** Append-only: who did what to what, with which result. Never secrets. */
export const auditEvents = pgTable(
  'audit_events',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: timestamp({ withTimezone: true, precision: 3 }).notNull().defaultNow(),
    /** Null for events of the whole service. */
    namespaceId: uuid('namespace_id'),
    actor: text().notNull(),
    action: text().notNull(),
    target: text().notNull(),
    result: text({ enum: ['ok', 'denied', 'failed'] }).notNull(),
    address: text(),
    requestId: text('request_id'),
    details: jsonb().$type<Record<string, unknown>>(),
    /** SHA-384 over the namespace's previous hash and this row. */
    hash: bytes().notNull(),
  },
  (table) => [index('audit_events_by_namespace').on(table.namespaceId, table.id)],
)

/** The last hash of each chain: the row that an append locks, so that a chain has one order. */
export const auditHeads = pgTable('audit_heads', {
  /** The namespace, or the nil UUID for events of the whole service. */
  chainId: uuid('chain_id').primaryKey(),
  hash: bytes().notNull(),
})

import { jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'

/** One row a background job: who runs it, until when, when it is due again, and how far it got. */
export const jobs = pgTable('jobs', {
  name: text().primaryKey(),
  /** The run that holds the lease; null when nobody does. */
  leaseId: uuid('lease_id'),
  leaseUntil: timestamp('lease_until', { withTimezone: true, precision: 3 }),
  dueAt: timestamp('due_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  startedAt: timestamp('started_at', { withTimezone: true, precision: 3 }),
  finishedAt: timestamp('finished_at', { withTimezone: true, precision: 3 }),
  /** Of the last run that ended; null when it went well. */
  error: text(),
  /** What the job wants to remember between runs, and what a person may see of it. */
  progress: jsonb().$type<Record<string, unknown>>().notNull().default({}),
})

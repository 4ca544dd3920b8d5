import { pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { byteText } from './columns.ts'

/** How far the lifecycle job came in a bucket: it reads each bucket once a day and once a configuration. */
export const lifecyclePasses = pgTable('lifecycle_passes', {
  bucketId: uuid('bucket_id').primaryKey(),
  /** MD5 of the rules that the pass applies. */
  rulesDigest: text('rules_digest').notNull(),
  /** The moment that the pass takes for now. */
  asOf: timestamp('as_of', { withTimezone: true, precision: 3 }).notNull(),
  /** The last key of which every version was looked at; empty before the first one. */
  key: byteText().notNull().default(''),
  finishedAt: timestamp('finished_at', { withTimezone: true, precision: 3 }),
})

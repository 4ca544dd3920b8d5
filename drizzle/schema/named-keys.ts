import { sql } from 'drizzle-orm'
import { index, integer, pgTable, primaryKey, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bytes } from './columns.ts'
import { namespaces } from './namespaces.ts'

/** Keys of a namespace that clients name in a request, as they name a KMS key at AWS. */
export const namedKeys = pgTable(
  'named_keys',
  {
    /** Bound into every data key under it. */
    id: uuid().primaryKey(),
    namespaceId: uuid('namespace_id')
      .notNull()
      .references(() => namespaces.id),
    /** As clients say it, also behind `alias/`. `aws/s3` is the one that is meant when none is named. */
    name: text().notNull(),
    /** A deleted key stays as a row, so that its id is never another key's; what it sealed opens no more. */
    state: text({ enum: ['enabled', 'disabled', 'pending-deletion', 'deleted'] }).notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    /** When a key that is to be deleted loses its material. */
    deleteAt: timestamp('delete_at', { withTimezone: true, precision: 3 }),
  },
  (table) => [
    uniqueIndex('named_keys_name').on(table.namespaceId, table.name).where(sql`state <> 'deleted'`),
    index('named_keys_to_delete').on(table.deleteAt).where(sql`state = 'pending-deletion'`),
  ],
)

/** Material of a named key, wrapped by the namespace key. The highest version seals; the others only open. */
export const namedKeyVersions = pgTable(
  'named_key_versions',
  {
    namedKeyId: uuid('named_key_id')
      .notNull()
      .references(() => namedKeys.id),
    version: integer().notNull(),
    wrappedKey: bytes('wrapped_key').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.namedKeyId, table.version] })],
)

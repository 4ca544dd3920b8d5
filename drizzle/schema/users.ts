import { boolean, index, integer, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { namespaces } from './namespaces.ts'

/** People who sign in to the console. */
export const users = pgTable('users', {
  id: uuid().primaryKey(),
  /** Lower case. */
  username: text().notNull().unique(),
  displayName: text('display_name').notNull(),
  email: text(),
  /** argon2id, PHC string. */
  passwordHash: text('password_hash').notNull(),
  isAdministrator: boolean('is_administrator').notNull().default(false),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  disabledAt: timestamp('disabled_at', { withTimezone: true, precision: 3 }),
})

export const memberships = pgTable(
  'memberships',
  {
    namespaceId: uuid('namespace_id')
      .notNull()
      .references(() => namespaces.id),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    role: text({ enum: ['owner', 'member', 'auditor'] }).notNull(),
    /** Of a member: object-storage_read, object-storage_write, object-storage_iam_management. */
    permissions: text().array().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.namespaceId, table.userId] }),
    index('memberships_by_user').on(table.userId),
  ],
)

/** Console sessions: the cookie holds an opaque token, this table its SHA-256. */
export const sessions = pgTable(
  'sessions',
  {
    tokenHash: text('token_hash').primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    lastSeenAt: timestamp('last_seen_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    expiresAt: timestamp('expires_at', { withTimezone: true, precision: 3 }).notNull(),
    address: text(),
    userAgent: text('user_agent'),
  },
  (table) => [index('sessions_by_user').on(table.userId), index('sessions_by_expiry').on(table.expiresAt)],
)

/** Attempts to sign in that were not right, counted over all processes; rows go when their window is over. */
export const signInAttempts = pgTable(
  'sign_in_attempts',
  {
    /** SHA-256 of what is counted: people type passwords where names belong. */
    key: text().primaryKey(),
    attempts: integer().notNull(),
    endsAt: timestamp('ends_at', { withTimezone: true, precision: 3 }).notNull(),
  },
  (table) => [index('sign_in_attempts_by_end').on(table.endsAt)],
)

import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { bytes } from './columns.ts'

/** The tenant's space: the unit of isolation and of encryption at rest. */
export const namespaces = pgTable(
  'namespaces',
  {
    id: uuid().primaryKey(),
    name: text().notNull().unique(),
    displayName: text('display_name').notNull(),
    /** Stands in ARNs for the account: twelve digits unless chosen otherwise; empty where ARNs shall have none. */
    accountId: text('account_id').notNull().default(sql`lpad(floor(random() * 1000000000000)::bigint::text, 12, '0')`),
    /** The floor for new data: 'on' seals every blob. Reads follow the blob, never this. */
    encryptionMode: text('encryption_mode', { enum: ['off', 'on'] }).notNull(),
    /** Grows with every change of `encryption_mode`; a commit that was prepared under another epoch is refused (ENC-1). */
    encryptionEpoch: integer('encryption_epoch').notNull().default(1),
    /** Grows with every change of the namespace's keys, so that whoever keeps them opened knows that it is behind. */
    keyEpoch: integer('key_epoch').notNull().default(1),
    /** Versions of the namespace's key under which nothing may be committed any more. */
    retiredKeyVersions: integer('retired_key_versions').array().notNull().default(sql`'{}'::integer[]`),
    /** Null unless the namespace is to be shredded, or was; see namespace_shreds. */
    shredState: text('shred_state', { enum: ['scheduled', 'done'] }),
    relaxedBucketNames: boolean('relaxed_bucket_names').notNull().default(false),
    /** Signatures of version 2 rest on SHA-1: a namespace without legacy clients can do without them. */
    refusesSigV2: boolean('refuses_sigv2').notNull().default(false),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [uniqueIndex('namespaces_account_id').on(table.accountId).where(sql`${table.accountId} <> ''`)],
)

/** Namespace keys (L1), wrapped by the root key (L0). */
export const namespaceKeys = pgTable(
  'namespace_keys',
  {
    namespaceId: uuid('namespace_id')
      .notNull()
      .references(() => namespaces.id),
    version: integer().notNull(),
    /** retired: nothing referred to it when it was destroyed; shredded: destroyed together with what it sealed. */
    state: text({ enum: ['active', 'decrypt-only', 'retired', 'shredded'] }).notNull(),
    /** Null once it is destroyed. */
    wrappedKey: bytes('wrapped_key'),
    /** The shred token in the keystore without which `wrapped_key` opens nothing; null of keys from before there were tokens. */
    tokenId: uuid('token_id'),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    /** When its material was destroyed. */
    retiredAt: timestamp('retired_at', { withTimezone: true, precision: 3 }),
  },
  (table) => [primaryKey({ columns: [table.namespaceId, table.version] })],
)

/** One row: who this installation is, and a canary that proves the root key is the right one. */
export const installation = pgTable('installation', {
  id: integer().primaryKey(),
  clusterId: uuid('cluster_id').notNull(),
  keyCanary: bytes('key_canary').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
})

/** Keys of the installation that are neither for data nor for a client's secret; one row a purpose. */
export const sideKeys = pgTable('side_keys', {
  /** attestation: an Ed25519 key that signs what the installation states. */
  purpose: text({ enum: ['attestation'] }).primaryKey(),
  publicKey: bytes('public_key').notNull(),
  /** The private half, a sealed secret of the same purpose. */
  sealedSeed: bytes('sealed_seed').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
})

/** Long work that a person started, visible in the console. */
export const activities = pgTable(
  'activities',
  {
    id: uuid().primaryKey(),
    namespaceId: uuid('namespace_id').references(() => namespaces.id),
    kind: text().notNull(),
    state: text({ enum: ['queued', 'running', 'done', 'failed', 'cancelled'] }).notNull(),
    startedBy: uuid('started_by'),
    /** What to do, so that another process can go on with it. */
    input: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    doneCount: bigint('done_count', { mode: 'number' }).notNull().default(0),
    totalCount: bigint('total_count', { mode: 'number' }),
    /** Why it failed: `storeNotice`. */
    message: text(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [index('activities_by_namespace').on(table.namespaceId, table.createdAt)],
)

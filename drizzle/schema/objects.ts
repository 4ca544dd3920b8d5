import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgSequence,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { ObjectLock, ObjectSettings } from '#storage-engine/object-settings.ts'
import { bytes, byteText } from './columns.ts'

/** 2^62 minus its next value is the `noncurrent_order` of a version that stops being the current one. */
export const noncurrentOrders = pgSequence('noncurrent_orders')

/**
 * Every version of every object, in the order in which S3 lists them: by key, current version first (noncurrent_order 0),
 * then newest to oldest (smaller noncurrent_order is newer). An unversioned PUT is thus one upsert by primary key.
 */
export const objectVersions = pgTable(
  'object_versions',
  {
    bucketId: uuid('bucket_id').notNull(),
    key: byteText().notNull(),
    noncurrentOrder: bigint('noncurrent_order', { mode: 'bigint' }).notNull(),
    /** Immutable; bound into the cipher. Shown to clients as `null` when is_null. */
    versionId: uuid('version_id').notNull(),
    isNull: boolean('is_null').notNull(),
    isDeleteMarker: boolean('is_delete_marker').notNull(),
    ownerId: uuid('owner_id').notNull(),
    size: bigint({ mode: 'number' }).notNull(),
    /** How many of the `size` bytes lie in sealed blobs: coverage is counted with it. */
    sealedSize: bigint('sealed_size', { mode: 'number' }).notNull(),
    /** Without quotes. */
    etag: text().notNull(),
    lastModified: timestamp('last_modified', { withTimezone: true, precision: 3 }).notNull(),
    contentType: text('content_type').notNull(),
    /** Cache-Control, Content-Disposition, Content-Encoding, Content-Language, Expires by lower-case name. */
    systemHeaders: jsonb('system_headers').$type<Record<string, string>>(),
    /** x-amz-meta-* without the prefix. */
    userMetadata: jsonb('user_metadata').$type<Record<string, string>>(),
    checksum: jsonb().$type<{ algorithm: string; type: 'FULL_OBJECT' | 'COMPOSITE'; value: string }>(),
    /** Of a single body; null for a multipart object (see parts) and a delete marker. */
    blobId: uuid('blob_id'),
    /** The multipart upload whose parts make this object. */
    uploadId: uuid('upload_id'),
    partCount: integer('part_count'),
    /** Retention and legal hold; null when there is neither. */
    lock: jsonb().$type<ObjectLock>(),
    /** Tags, ACL, encryption asked for, storage class…; null when none is set. */
    settings: jsonb().$type<ObjectSettings>(),
    /** The version's data key (L2), wrapped by the namespace key; null when no blob of it is sealed. */
    wrappedDataKey: bytes('wrapped_data_key'),
    namespaceKeyVersion: integer('namespace_key_version'),
  },
  (table) => [
    // Listings rest on it: no key sorts behind 257 times U+10FFFF.
    check('object_versions_key_length', sql`octet_length(key) between 1 and 1024`),
    primaryKey({ columns: [table.bucketId, table.key, table.noncurrentOrder] }),
    index('object_versions_current')
      .on(table.bucketId, table.key)
      .where(sql`noncurrent_order = 0 and not is_delete_marker`),
    uniqueIndex('object_versions_by_version_id').on(table.versionId).where(sql`not is_null`),
    index('object_versions_restored').on(sql`(settings ->> 'restoredUntil')`).where(sql`settings ? 'restoredUntil'`),
    index('object_versions_locked').on(table.bucketId).where(sql`lock is not null`),
    uniqueIndex('object_versions_noncurrent_null')
      .on(table.bucketId, table.key)
      .where(sql`is_null and noncurrent_order <> 0`),
  ],
)

/** One row a blob that a version or a part refers to, or did. Inserted by the commit, never before the bytes are durable. */
export const blobs = pgTable('blobs', {
  blobId: uuid('blob_id').primaryKey(),
  /** Where the blob store put it; its own notation. Changes when a segment is compacted. */
  locator: text().notNull(),
  /** Bytes of plaintext. */
  size: bigint({ mode: 'number' }).notNull(),
  /** Bytes given to the blob store. */
  storedSize: bigint('stored_size', { mode: 'number' }).notNull(),
  /** 0 plain, 1 FLOE. Reads follow this, never the namespace's mode. */
  cipher: smallint().notNull(),
  namespaceId: uuid('namespace_id').notNull(),
})

/** Blobs that nothing refers to any more. Inserted by the transaction that let go; collected after the grace. */
export const garbageBlobs = pgTable(
  'garbage_blobs',
  {
    blobId: uuid('blob_id').primaryKey(),
    freedAt: timestamp('freed_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [index('garbage_blobs_by_time').on(table.freedAt)],
)

/** Multipart uploads (aborted, or completed and then replaced) whose parts nothing refers to any more. */
export const garbageUploads = pgTable('garbage_uploads', {
  uploadId: uuid('upload_id').primaryKey(),
  freedAt: timestamp('freed_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
})

/** Multipart uploads, open or completed; a completed one is what its object version refers to. */
export const uploads = pgTable(
  'uploads',
  {
    /** Also the version id of the object that it becomes, so that parts are sealed for it from the start. */
    id: uuid().primaryKey(),
    bucketId: uuid('bucket_id').notNull(),
    key: byteText().notNull(),
    state: text({ enum: ['open', 'completed', 'aborted'] }).notNull(),
    initiatorId: uuid('initiator_id').notNull(),
    ownerId: uuid('owner_id').notNull(),
    contentType: text('content_type').notNull(),
    systemHeaders: jsonb('system_headers').$type<Record<string, string>>(),
    userMetadata: jsonb('user_metadata').$type<Record<string, string>>(),
    checksumAlgorithm: text('checksum_algorithm'),
    checksumType: text('checksum_type', { enum: ['FULL_OBJECT', 'COMPOSITE'] }),
    lock: jsonb().$type<ObjectLock>(),
    settings: jsonb().$type<ObjectSettings>(),
    wrappedDataKey: bytes('wrapped_data_key'),
    namespaceKeyVersion: integer('namespace_key_version'),
    /** Set by Complete, so that its retry gives the same answer. */
    completedEtag: text('completed_etag'),
    completedAt: timestamp('completed_at', { withTimezone: true, precision: 3 }),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    index('uploads_open').on(table.bucketId, table.key, table.id).where(sql`state = 'open'`),
    index('uploads_by_age').on(table.createdAt).where(sql`state = 'open'`),
  ],
)

/** Parts of open uploads and of completed multipart objects. */
export const parts = pgTable(
  'parts',
  {
    uploadId: uuid('upload_id').notNull(),
    partNumber: integer('part_number').notNull(),
    blobId: uuid('blob_id').notNull(),
    size: bigint({ mode: 'number' }).notNull(),
    /** Bytes of the object before this part; set by Complete. */
    offset: bigint('start_offset', { mode: 'number' }),
    /** Hexadecimal MD5. */
    etag: text().notNull(),
    /** By algorithm: { CRC32: base64, … }. */
    checksums: jsonb().$type<Record<string, string>>(),
    lastModified: timestamp('last_modified', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.uploadId, table.partNumber] })],
)

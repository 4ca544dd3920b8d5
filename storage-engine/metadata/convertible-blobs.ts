import type { CommitBlob } from '#storage-engine/metadata/commit-sql.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import type { MigrationDirection } from '#storage-engine/metadata/encryption-migrations.ts'
import type { Bucket } from '#storage-engine/metadata/known-buckets.ts'

/** A version or an open upload of which something is stored in the form that a migration is to end. */
export interface Convertible {
  key: string
  /** Of an upload, its id: the version id to be. */
  versionId: string
  size: number
  wrappedDataKey: Buffer | null
  namespaceKeyVersion: number | null
}

export interface ConvertibleVersion extends Convertible {
  /** A bigint. */
  order: string
  isWanted: boolean
  uploadId: string | null
  /** The body's MD5 in hexadecimal digits, unless it is a multipart object. */
  etag: string
  /** Only of what is wanted and is a single body. */
  blob: CommitBlob | null
}

/**
 * What a migration converts: plain blobs, or sealed ones that neither a client nor a bucket's configuration asked for. `b` is
 * the blob, `settings` those of its version or upload.
 */
function isWrong(direction: MigrationDirection, settings: string): string {
  return direction === 'encrypt' ? 'b.cipher = 0' : `b.cipher > 0 and not coalesce(${settings} ? 'encryption', false)`
}

const BLOB = `json_build_object('blobId', b.blob_id, 'locator', b.locator, 'size', b.size, 'storedSize', b.stored_size, 'cipher', b.cipher)`

export interface ScanConvertible {
  bucketId: string
  direction: MigrationDirection
  /** Exclusive; order -1 begins with the current version of the key. */
  after: { key: string; order: string }
  limit: number
}

/**
 * The next versions of a bucket in the order in which they are stored, wanted or not: fewer than `limit` are the last ones.
 * Costs what it reads, whatever it finds.
 */
export function scanConvertible(
  db: Queryable,
  { bucketId, direction, after, limit }: ScanConvertible,
): Promise<ConvertibleVersion[]> {
  return db.query({
    name: `scan-convertible-${direction}`,
    text: `
with page as materialized (
  select * from object_versions
  where bucket_id = $1 and (key, noncurrent_order) > ($2 collate "C", $3::bigint) order by key, noncurrent_order limit $4)
select v.key, v.noncurrent_order::text as "order", v.version_id as "versionId", v.size::float8 as size, v.upload_id as "uploadId", v.etag,
  v.wrapped_data_key as "wrappedDataKey", v.namespace_key_version as "namespaceKeyVersion", f.blob, coalesce(f.blob is not null, false)
  or (v.upload_id is not null and exists (
    select from parts p join blobs b on b.blob_id = p.blob_id where p.upload_id = v.upload_id and ${isWrong(direction, 'v.settings')})) as "isWanted"
from page v left join lateral (
  select ${BLOB} as blob from blobs b where b.blob_id = v.blob_id and ${isWrong(direction, 'v.settings')} limit 1) f on true
order by v.key, v.noncurrent_order`,
    values: [bucketId, after.key, after.order, limit],
  })
}

export interface ListConvertibleUploads {
  bucketId: string
  direction: MigrationDirection
  /** Exclusive. */
  after: { key: string; versionId: string }
  limit: number
}

/** Open uploads with parts to convert, by key and id; `size` is that of those parts. */
export function listConvertibleUploads(
  db: Queryable,
  { bucketId, direction, after, limit }: ListConvertibleUploads,
): Promise<(Convertible & { partCount: number })[]> {
  return db.query({
    name: `list-convertible-uploads-${direction}`,
    text: `
select u.key, u.id as "versionId", u.wrapped_data_key as "wrappedDataKey", u.namespace_key_version as "namespaceKeyVersion",
  w.count as "partCount", w.size from uploads u cross join lateral (
  select count(*)::integer as count, coalesce(sum(p.size), 0)::float8 as size from parts p join blobs b on b.blob_id = p.blob_id
  where p.upload_id = u.id and ${isWrong(direction, 'u.settings')}) w
where u.bucket_id = $1 and u.state = 'open' and (u.key, u.id) > ($2 collate "C", $3::uuid) and w.count > 0 order by u.key, u.id limit $4`,
    values: [bucketId, after.key, after.versionId, limit],
  })
}

export interface ConvertiblePart {
  partNumber: number
  size: number
  /** MD5 of the part in hexadecimal digits. */
  etag: string
  blob: CommitBlob
}

/** Parts of a wanted version or upload behind number `after` that are to be converted, in order. */
export function listConvertibleParts(
  db: Queryable,
  {
    uploadId,
    direction,
    after,
    limit,
  }: { uploadId: string; direction: MigrationDirection; after: number; limit: number },
): Promise<ConvertiblePart[]> {
  return db.query({
    name: `list-convertible-parts-${direction}`,
    text: `
select p.part_number as "partNumber", p.size::float8 as size, p.etag, ${BLOB} as blob from parts p join blobs b on b.blob_id = p.blob_id
where p.upload_id = $1 and p.part_number > $2 and ${direction === 'encrypt' ? 'b.cipher = 0' : 'b.cipher > 0'} order by p.part_number limit $3`,
    values: [uploadId, after, limit],
  })
}

/** What blobs of a bucket are sealed and written for. */
export type BucketToConvert = Pick<Bucket, 'id' | 'namespaceId' | 'keyEpoch'>

/** Buckets of a namespace from that id on, in order of ids. */
export function listBucketsFrom(
  db: Queryable,
  { namespaceId, fromId, limit }: { namespaceId: string; fromId: string; limit: number },
): Promise<BucketToConvert[]> {
  return db.query({
    name: 'list-buckets-from',
    text: `
select b.id, b.namespace_id as "namespaceId", n.key_epoch as "keyEpoch" from buckets b join namespaces n on n.id = b.namespace_id
where b.namespace_id = $1 and b.id >= $2 order by b.id limit $3`,
    values: [namespaceId, fromId, limit],
  })
}

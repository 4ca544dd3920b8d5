import type { TextRow } from '#storage-engine/metadata/hot-connection.ts'
import { type Bucket, type LoadedBuckets, readBucket } from '#storage-engine/metadata/known-buckets.ts'
import { readBytes, readJson, readNumber } from '#storage-engine/metadata/text-row.ts'
import type { ObjectLock, ObjectSettings } from '#storage-engine/object-settings.ts'

/** At most one of `object` and `deleteMarker` is there. */
export interface FoundObject {
  bucket: Bucket | null
  object: ObjectVersion | null
  deleteMarker: DeleteMarker | null
}

export interface DeleteMarker {
  /** As clients see it: `null` for the null version. */
  versionId: string
  lastModified: Date
}

export interface ObjectVersion {
  bucketId: string
  key: string
  /** Bound into the cipher; clients see `visibleVersionId`. */
  versionId: string
  isNull: boolean
  ownerId: string
  size: number
  /** How many bytes of `size` are sealed. */
  sealedSize: number
  /** Without quotes. */
  etag: string
  lastModified: Date
  contentType: string
  systemHeaders: Record<string, string> | null
  userMetadata: Record<string, string> | null
  checksum: { algorithm: string; type: 'FULL_OBJECT' | 'COMPOSITE'; value: string } | null
  /** Set for a multipart object: its bytes are the upload's parts. */
  uploadId: string | null
  partCount: number | null
  /** Retention and legal hold; null when there is neither. */
  lock: ObjectLock | null
  /** Null when none is set. */
  settings: ObjectSettings | null
  wrappedDataKey: Buffer | null
  namespaceKeyVersion: number | null
  /** Of a single body; null for a multipart object and for an empty object without a blob. */
  blob: ObjectBlob | null
}

export interface ObjectBlob {
  blobId: string
  locator: string
  size: number
  storedSize: number
  /** 0 plain, 1 FLOE. */
  cipher: number
}

/** The version id that S3 shows: `null` for the version that was written while versioning was off or suspended. */
export function visibleVersionId({ isNull, versionId }: { isNull: boolean; versionId: string }): string {
  return isNull ? 'null' : versionId
}

/** Columns of a version `v` and its blob `f`, as `readFoundObject` takes them behind the ordinal and the bucket. */
export const FOUND_COLUMNS = `v.version_id, v.is_null, v.owner_id, v.size, v.sealed_size, v.etag, v.last_modified, v.content_type, v.system_headers, v.user_metadata,
  v.checksum, v.upload_id, v.part_count, v.wrapped_data_key, v.namespace_key_version, f.blob_id, f.locator, f.size, f.stored_size, f.cipher,
  v.is_delete_marker, v.lock, v.settings`

/** Columns of a row `o` of object_versions that make such a `v`. */
export const VERSION_COLUMNS = `o.version_id, o.is_null, o.owner_id, o.size, o.sealed_size, o.etag, (date_part('epoch', o.last_modified) * 1000)::bigint as last_modified,
    o.content_type, o.system_headers, o.user_metadata, o.checksum, o.upload_id, o.part_count, o.wrapped_data_key, o.namespace_key_version, o.blob_id,
    o.is_delete_marker, o.lock, o.settings`

/**
 * The version `i.version_id` of `i.key`, as a sub-select: one with an id is found by it; the null version (no id) is the
 * current one, or the only null one among the others.
 */
export function versionProbe({ columns, bucketId }: { columns: string; bucketId: string }): string {
  const select = `select ${columns} from object_versions o where o.bucket_id = ${bucketId} and o.key = i.key and i.version_id is`
  return `(${select} not null and o.version_id = i.version_id and not o.is_null)
  union all (${select} null and o.is_null and o.noncurrent_order = 0)
  union all (${select} null and o.is_null and o.noncurrent_order <> 0)
  limit 1`
}

export function readFoundObject(row: TextRow, { key }: { key: string }, loaded: LoadedBuckets | null): FoundObject {
  const bucket = readBucket(row[1], loaded)
  if (bucket === null || !row[2]) return { bucket, object: null, deleteMarker: null }
  if (row[22] === 't') return { bucket, object: null, deleteMarker: readDeleteMarker(row) }
  return { bucket, object: readObject(row, bucket.id, key), deleteMarker: null }
}

function readDeleteMarker(row: TextRow): DeleteMarker {
  const versionId = visibleVersionId({ versionId: row[2] as string, isNull: row[3] === 't' })
  return { versionId, lastModified: new Date(Number(row[8])) }
}

function readObject(row: TextRow, bucketId: string, key: string): ObjectVersion {
  return {
    bucketId,
    key,
    versionId: row[2] as string,
    isNull: row[3] === 't',
    ownerId: row[4] as string,
    size: Number(row[5]),
    sealedSize: Number(row[6]),
    etag: row[7] as string,
    lastModified: new Date(Number(row[8])),
    contentType: row[9] as string,
    systemHeaders: readJson(row[10]),
    userMetadata: readJson(row[11]),
    checksum: readJson(row[12]),
    uploadId: row[13] ?? null,
    partCount: readNumber(row[14]),
    lock: readJson(row[23]),
    settings: readJson(row[24]),
    wrappedDataKey: readBytes(row[15]),
    namespaceKeyVersion: readNumber(row[16]),
    blob: row[17] ? readBlob(row) : null,
  }
}

function readBlob(row: TextRow): ObjectBlob {
  return {
    blobId: row[17] as string,
    locator: row[18] as string,
    size: Number(row[19]),
    storedSize: Number(row[20]),
    cipher: Number(row[21]),
  }
}

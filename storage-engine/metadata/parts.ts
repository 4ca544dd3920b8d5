import { StorageError } from '#storage-engine/errors.ts'
import type { CommitBlob } from '#storage-engine/metadata/commit-sql.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { EncryptionEpochChanged } from '#storage-engine/metadata/encryption-epoch-changed.ts'
import type { Bucket } from '#storage-engine/metadata/known-buckets.ts'
import { lockWriteTarget } from '#storage-engine/metadata/write-target.ts'

export interface StoredPart {
  partNumber: number
  /** Bytes of plaintext. */
  size: number
  /** Hexadecimal MD5. */
  etag: string
  /** Base64 by algorithm. */
  checksums: Record<string, string> | null
  lastModified: Date
  blob: CommitBlob
}

export interface PutPart {
  /** As it was when the body was sealed or left plain. */
  bucket: Pick<Bucket, 'id' | 'namespaceId' | 'encryptionEpoch'>
  uploadId: string
  partNumber: number
  size: number
  etag: string
  checksums: Record<string, string> | null
  blob: CommitBlob
}

/**
 * Adds a part to an open upload; one of the same number is replaced, the later commit winning, and its bytes become garbage.
 * Throws NoSuchUpload when the upload is not open, EncryptionEpochChanged, NoSuchBucket.
 */
export async function putPart(
  db: Queryable,
  { bucket, uploadId, partNumber, size, etag, checksums, blob }: PutPart,
): Promise<{ lastModified: Date }> {
  return db.transaction(async (tx) => {
    const target = await lockWriteTarget(tx, { namespaceId: bucket.namespaceId, bucketId: bucket.id })
    const isSealedEnough = target.encryptionMode === 'off' || blob.cipher > 0
    if (target.encryptionEpoch !== bucket.encryptionEpoch || target.isShredding || !isSealedEnough)
      throw new EncryptionEpochChanged()
    await holdOpenUpload(tx, { bucketId: bucket.id, uploadId })
    await insertBlob(tx, { namespaceId: bucket.namespaceId, blob })
    const [written] = await tx.query<{ lastModified: Date }>({
      name: 'put-part',
      text: `
with written as (
  insert into parts (upload_id, part_number, blob_id, size, etag, checksums, last_modified) values ($1, $2, $3, $4, $5, $6, clock_timestamp())
  on conflict (upload_id, part_number) do update set blob_id = excluded.blob_id, size = excluded.size, etag = excluded.etag, checksums = excluded.checksums,
    last_modified = greatest(excluded.last_modified, parts.last_modified), start_offset = null
  returning new.last_modified, old.blob_id as old_blob_id
), freed as (insert into garbage_blobs (blob_id) select old_blob_id from written where old_blob_id is not null)
select last_modified as "lastModified" from written`,
      values: [uploadId, partNumber, blob.blobId, size, etag, checksums === null ? null : JSON.stringify(checksums)],
    })
    return written as { lastModified: Date }
  })
}

/** FOR SHARE lets parts pass each other but not a Complete or an Abort: no part slips into an upload that has ended. */
async function holdOpenUpload(
  tx: Queryable,
  { bucketId, uploadId }: { bucketId: string; uploadId: string },
): Promise<void> {
  const open = await tx.query({
    name: 'hold-open-upload',
    text: `select id from uploads where id = $1 and bucket_id = $2 and state = 'open' for share`,
    values: [uploadId, bucketId],
  })
  if (open.length === 0) throw new StorageError('NoSuchUpload', { extra: { UploadId: uploadId } })
}

async function insertBlob(
  tx: Queryable,
  { namespaceId, blob }: { namespaceId: string; blob: CommitBlob },
): Promise<void> {
  await tx.query({
    name: 'insert-blob',
    text: 'insert into blobs (blob_id, locator, size, stored_size, cipher, namespace_id) values ($1, $2, $3, $4, $5, $6)',
    values: [blob.blobId, blob.locator, blob.size, blob.storedSize, blob.cipher, namespaceId],
  })
}

/**
 * A part is in another blob than the one that was looked at: a client sent it again, or a migration converted it. Nothing
 * was changed; the caller looks at the parts once more.
 */
export class PartBlobReplaced extends Error {
  override readonly name = 'PartBlobReplaced'
}

export interface ReplacePartBlob {
  uploadId: string
  partNumber: number
  namespaceId: string
  /** The blob that the new one was made from. */
  from: string
  blob: CommitBlob
}

/**
 * Compare-and-swap of a part's bytes by the same bytes under another cipher; the old ones become garbage.
 * Throws PartBlobReplaced when the part is in another blob by now; the new blob is then without a row, and collected.
 */
export async function replacePartBlob(
  db: Queryable,
  { uploadId, partNumber, namespaceId, from, blob }: ReplacePartBlob,
): Promise<void> {
  await db.transaction(async (tx) => {
    await insertBlob(tx, { namespaceId, blob })
    const swapped = await tx.query({
      name: 'replace-part-blob',
      text: `
with swapped as (update parts set blob_id = $4 where upload_id = $1 and part_number = $2 and blob_id = $3 returning old.blob_id)
insert into garbage_blobs (blob_id) select blob_id from swapped returning blob_id`,
      values: [uploadId, partNumber, from, blob.blobId],
    })
    if (swapped.length === 0) throw new PartBlobReplaced()
  })
}

const PART_COLUMNS = `p.part_number as "partNumber", p.size::float8 as size, p.etag, p.checksums, p.last_modified as "lastModified", p.start_offset::float8 as offset,
  json_build_object('blobId', b.blob_id, 'locator', b.locator, 'size', b.size, 'storedSize', b.stored_size, 'cipher', b.cipher) as blob`

/** Parts behind number `after`, in order. */
export function listParts(
  db: Queryable,
  { uploadId, after, limit }: { uploadId: string; after: number; limit: number },
): Promise<StoredPart[]> {
  return db.query({
    name: 'list-parts',
    text: `select ${PART_COLUMNS} from parts p join blobs b on b.blob_id = p.blob_id where p.upload_id = $1 and p.part_number > $2 order by p.part_number limit $3`,
    values: [uploadId, after, limit],
  })
}

/** One part; `offset` is null until the upload is completed. */
export async function findPart(
  db: Queryable,
  { uploadId, partNumber }: { uploadId: string; partNumber: number },
): Promise<(StoredPart & { offset: number | null }) | null> {
  const [part] = await db.query<StoredPart & { offset: number | null }>({
    name: 'find-part',
    text: `select ${PART_COLUMNS} from parts p join blobs b on b.blob_id = p.blob_id where p.upload_id = $1 and p.part_number = $2`,
    values: [uploadId, partNumber],
  })
  return part ?? null
}

/** A part at its place in a completed object. */
export interface PlacedPart extends StoredPart {
  offset: number
  /** Where the part before it ends: the same, unless somebody has changed the rows. */
  endBefore: number
}

export interface ListPartsInRange {
  uploadId: string
  /** Bytes of the object; `end` is exclusive. */
  start: number
  end: number
  limit: number
}

/** Parts of a completed upload that hold bytes of a range, in order. */
export function listPartsInRange(
  db: Queryable,
  { uploadId, start, end, limit }: ListPartsInRange,
): Promise<PlacedPart[]> {
  return db.query({
    name: 'list-parts-in-range',
    text: `
select ${PART_COLUMNS}, coalesce((select (o.start_offset + o.size)::float8 from parts o
  where o.upload_id = p.upload_id and o.part_number < p.part_number order by o.part_number desc limit 1), 0) as "endBefore"
from parts p join blobs b on b.blob_id = p.blob_id
where p.upload_id = $1 and p.start_offset < $3 and p.start_offset + p.size > $2 order by p.part_number limit $4`,
    values: [uploadId, start, end, limit],
  })
}

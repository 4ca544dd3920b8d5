import { and, asc, eq, lt, sql } from 'drizzle-orm'
import { uploads } from '#drizzle/schema/objects.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { plainArray } from '#storage-engine/metadata/array-literal.ts'
import { commitAlone, type Precondition } from '#storage-engine/metadata/commit-alone.ts'
import type { CommitRow } from '#storage-engine/metadata/commit-sql.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { EncryptionEpochChanged } from '#storage-engine/metadata/encryption-epoch-changed.ts'
import type { PendingEvents } from '#storage-engine/metadata/events.ts'
import { visibleVersionId } from '#storage-engine/metadata/found-objects.ts'
import { isUuid } from '#storage-engine/metadata/is-uuid.ts'
import type { Bucket } from '#storage-engine/metadata/known-buckets.ts'
import { acceptAnswer, type Committed } from '#storage-engine/metadata/object-versions.ts'
import { PartBlobReplaced } from '#storage-engine/metadata/parts.ts'
import { joinWriters, lockWriteTarget, type WriteTarget } from '#storage-engine/metadata/write-target.ts'

export type Upload = typeof uploads.$inferSelect
export type NewUpload = Omit<typeof uploads.$inferInsert, 'state' | 'completedEtag' | 'createdAt'>

/** Opens an upload. Throws NoSuchBucket, and EncryptionEpochChanged when its data key is wrapped under a retired key. */
export async function insertUpload(db: Queryable, upload: NewUpload): Promise<void> {
  await db.transaction(async (tx) => {
    await joinWriters(tx)
    // Until we commit no DeleteBucket can pass, so no upload outlives its bucket.
    // Nor can the retirement of a key, nor a shredding.
    const [held] = await tx.query<{ isOutdated: boolean }>({
      name: 'hold-bucket',
      text: `
select n.shred_state is not null or coalesce($2::integer = any(n.retired_key_versions), false) as "isOutdated"
from buckets b join namespaces n on n.id = b.namespace_id where b.id = $1 for key share of b for share of n`,
      values: [upload.bucketId, upload.namespaceKeyVersion ?? null],
    })
    if (held === undefined) throw new StorageError('NoSuchBucket')
    if (held.isOutdated) throw new EncryptionEpochChanged()
    await tx.run((orm) => orm.insert(uploads).values({ ...upload, state: 'open' }))
  })
}

/** The upload in whatever state; null when there is none of that id, bucket and key. */
export async function findUpload(
  db: Queryable,
  { bucketId, key, uploadId }: { bucketId: string; key: string; uploadId: string },
): Promise<Upload | null> {
  if (!isUuid(uploadId) || key.includes('\0')) return null
  const isIt = and(eq(uploads.id, uploadId), eq(uploads.bucketId, bucketId), eq(uploads.key, key))
  const [upload] = await db.run((orm) => orm.select().from(uploads).where(isIt))
  return upload ?? null
}

export interface UploadDataKey {
  wrappedDataKey: Buffer
  namespaceKeyVersion: number
}

/**
 * Gives an upload its data key unless it has one; resolves to the one that it has. Throws NoSuchUpload, and
 * EncryptionEpochChanged when the key is wrapped under a version that is retired.
 */
export async function setUploadDataKey(
  db: Queryable,
  { uploadId, ...dataKey }: { uploadId: string } & UploadDataKey,
): Promise<UploadDataKey> {
  const [row] = await db.query<{ isOutdated: boolean } & (UploadDataKey | { wrappedDataKey: null })>({
    name: 'set-upload-data-key',
    // The row lock of the update settles which of two parts' keys stays, that of the namespace whether a key may be retired.
    text: `
with held as materialized (
  select $3::integer = any(n.retired_key_versions) as is_outdated from uploads u join buckets b on b.id = u.bucket_id
  join namespaces n on n.id = b.namespace_id where u.id = $1 for share of n
), stored as (
  update uploads u set namespace_key_version = case when wrapped_data_key is null then $3 else namespace_key_version end, wrapped_data_key = coalesce(wrapped_data_key, $2)
  from held where u.id = $1 and u.state = 'open' and (u.wrapped_data_key is not null or not held.is_outdated)
  returning u.wrapped_data_key, u.namespace_key_version
)
select held.is_outdated as "isOutdated", stored.wrapped_data_key as "wrappedDataKey", stored.namespace_key_version as "namespaceKeyVersion"
from held left join stored on true`,
    values: [uploadId, dataKey.wrappedDataKey, dataKey.namespaceKeyVersion],
  })
  const { isOutdated = false, ...stored } = row ?? { wrappedDataKey: null }
  if (stored.wrappedDataKey === null && isOutdated) throw new EncryptionEpochChanged()
  if (stored.wrappedDataKey === null) throw new StorageError('NoSuchUpload', { extra: { UploadId: uploadId } })
  return stored
}

export interface CompleteUpload {
  /** As it was when the parts were last looked at. */
  bucket: Pick<Bucket, 'id' | 'namespaceId' | 'encryptionEpoch' | 'versioning'>
  uploadId: string
  /** Of the object: without quotes, `…-N`. */
  etag: string
  size: number
  checksum: { algorithm: string; type: 'FULL_OBJECT' | 'COMPOSITE'; value: string } | null
  /** The object's parts in order; `blobId` as it was seen, so that a part replaced meanwhile is noticed. */
  parts: { partNumber: number; blobId: string }[]
  precondition: Precondition | null
  /** What somebody wants to hear of it. */
  events?: PendingEvents | null
}

/**
 * Makes the parts the current version of the upload's key, all in one transaction; parts that were not chosen become garbage.
 * Completing a completed upload again with the same etag changes nothing and answers the same.
 * Throws NoSuchUpload, PartBlobReplaced, EncryptionEpochChanged, NoSuchBucket, PreconditionFailed,
 * NoSuchKey, ConditionalRequestConflict.
 */
export async function completeUpload(
  db: Queryable,
  params: CompleteUpload,
): Promise<Committed & { /** Whether all of its bytes are sealed. */ sealed: boolean }> {
  const { bucket, uploadId, etag, parts, precondition } = params
  return db.transaction(async (tx) => {
    const target = await lockWriteTarget(tx, { namespaceId: bucket.namespaceId, bucketId: bucket.id })
    const upload = await lockUpload(tx, { bucketId: bucket.id, uploadId })
    if (upload.state === 'completed' && upload.completedEtag === etag)
      return { lastModified: upload.completedAt as Date, ...(await findCompleted(tx, upload)) }
    if (upload.state !== 'open') throw new StorageError('NoSuchUpload', { extra: { UploadId: uploadId } })
    if (target.encryptionEpoch !== bucket.encryptionEpoch || target.isShredding) throw new EncryptionEpochChanged()
    const placed = await placeParts(tx, { uploadId, parts, target })
    const row = rowOf({ ...params, upload, placed })
    const committed = acceptAnswer(await commitAlone(tx, { row, precondition }))
    await markCompleted(tx, { uploadId, etag, lastModified: committed.lastModified })
    return { ...committed, sealed: placed.sealedCount === parts.length }
  })
}

interface Placed {
  sealedCount: number
  sealedSize: number
}

/** Against a Complete, an Abort or a part of the same upload: one after the other. */
async function lockUpload(
  tx: Queryable,
  { bucketId, uploadId }: { bucketId: string; uploadId: string },
): Promise<Upload> {
  const isIt = and(eq(uploads.id, uploadId), eq(uploads.bucketId, bucketId))
  const [upload] = isUuid(uploadId) ? await tx.run((orm) => orm.select().from(uploads).where(isIt).for('update')) : []
  if (!upload) throw new StorageError('NoSuchUpload', { extra: { UploadId: uploadId } })
  return upload
}

/** Resolves to how many of the parts, and of their bytes, are sealed. */
async function placeParts(
  tx: Queryable,
  { uploadId, parts, target }: { uploadId: string; parts: CompleteUpload['parts']; target: WriteTarget },
): Promise<Placed> {
  const [placed] = await tx.query<Placed & { count: number }>({
    name: 'place-parts',
    text: `
with chosen as materialized (
  select p.part_number, p.size, b.cipher, sum(p.size) over (order by p.part_number) - p.size as start_offset
  from unnest($2::integer[], $3::uuid[]) as c (part_number, blob_id)
  join parts p on p.upload_id = $1 and p.part_number = c.part_number and p.blob_id = c.blob_id
  join blobs b on b.blob_id = p.blob_id
), placed as (
  update parts p set start_offset = c.start_offset from chosen c where p.upload_id = $1 and p.part_number = c.part_number
), left_out as (
  delete from parts p where p.upload_id = $1 and p.part_number <> all ($2::integer[]) returning p.blob_id
), freed as (
  insert into garbage_blobs (blob_id) select blob_id from left_out
)
select count(*)::integer as count, (count(*) filter (where cipher > 0))::integer as "sealedCount",
  coalesce(sum(size) filter (where cipher > 0), 0)::float8 as "sealedSize" from chosen`,
    values: [uploadId, plainArray(parts.map((part) => part.partNumber)), plainArray(parts.map((part) => part.blobId))],
  })
  if (placed?.count !== parts.length) throw new PartBlobReplaced()
  if (target.encryptionMode === 'on' && placed.sealedCount < parts.length) throw new EncryptionEpochChanged()
  return placed
}

function rowOf({
  bucket,
  upload,
  etag,
  size,
  checksum,
  parts,
  placed,
  events,
}: CompleteUpload & { upload: Upload; placed: Placed }): CommitRow {
  return {
    namespaceId: bucket.namespaceId,
    bucketId: bucket.id,
    encryptionEpoch: bucket.encryptionEpoch,
    versioning: bucket.versioning,
    key: upload.key,
    versionId: upload.id,
    ownerId: upload.ownerId,
    size,
    etag,
    contentType: upload.contentType,
    systemHeaders: upload.systemHeaders,
    userMetadata: upload.userMetadata,
    checksum,
    blob: null,
    upload: { uploadId: upload.id, partCount: parts.length, sealedSize: placed.sealedSize },
    isDeleteMarker: false,
    lock: upload.lock,
    settings: upload.settings,
    // The upload may have a key that none of these parts is sealed with.
    wrappedDataKey: placed.sealedCount === 0 ? null : upload.wrappedDataKey,
    namespaceKeyVersion: placed.sealedCount === 0 ? null : upload.namespaceKeyVersion,
    events: events ?? null,
  }
}

/** The id that S3 shows of what an upload became, and whether it is sealed; the version may be gone by now. */
async function findCompleted(tx: Queryable, upload: Upload): Promise<{ versionId: string | null; sealed: boolean }> {
  const [row] = await tx.query<{ isNull: boolean | null; sealed: boolean | null; versioning: Bucket['versioning'] }>({
    name: 'find-completed-version',
    text: `
select b.versioning, v.is_null as "isNull", v.sealed from buckets b left join lateral (
  select o.is_null, o.wrapped_data_key is not null and o.sealed_size = o.size as sealed from object_versions o
  where o.bucket_id = b.id and o.key = $2 and o.version_id = $3 limit 1) v on true
where b.id = $1`,
    values: [upload.bucketId, upload.key, upload.id],
  })
  const sealed = row?.sealed ?? upload.wrappedDataKey !== null
  if (row === undefined || row.versioning === 'unversioned') return { versionId: null, sealed }
  const isNull = row.isNull ?? row.versioning === 'suspended'
  return { versionId: visibleVersionId({ isNull, versionId: upload.id }), sealed }
}

async function markCompleted(
  tx: Queryable,
  { uploadId, etag, lastModified }: { uploadId: string; etag: string; lastModified: Date },
): Promise<void> {
  const change = { state: 'completed', completedEtag: etag, completedAt: lastModified } as const
  await tx.run((orm) => orm.update(uploads).set(change).where(eq(uploads.id, uploadId)))
}

/** Gives an open upload up; its parts become garbage. Throws NoSuchUpload, also when it was completed or aborted before. */
export async function abortUpload(
  db: Queryable,
  { bucketId, key, uploadId }: { bucketId: string; key: string; uploadId: string },
): Promise<void> {
  const aborted = isUuid(uploadId) && !key.includes('\0') ? await abort(db, { bucketId, key, uploadId }) : []
  if (aborted.length === 0) throw new StorageError('NoSuchUpload', { extra: { UploadId: uploadId } })
}

function abort(
  db: Queryable,
  { bucketId, key, uploadId }: { bucketId: string; key: string; uploadId: string },
): Promise<object[]> {
  return db.query({
    name: 'abort-upload',
    // The update waits for a Complete that holds the row, and then finds it completed.
    text: `
with aborted as (update uploads set state = 'aborted' where id = $1 and bucket_id = $2 and key = $3 and state = 'open' returning id)
insert into garbage_uploads (upload_id) select id from aborted returning upload_id`,
    values: [uploadId, bucketId, key],
  })
}

/** Open uploads begun before that moment, oldest first, of every namespace: for the job that aborts them. */
export async function listStaleUploads(
  db: Queryable,
  { before, limit }: { before: Date; limit: number },
): Promise<{ id: string; bucketId: string; key: string }[]> {
  const isStale = and(sql`${uploads.state} = 'open'`, lt(uploads.createdAt, before))
  return db.run((orm) =>
    orm
      .select({ id: uploads.id, bucketId: uploads.bucketId, key: uploads.key })
      .from(uploads)
      .where(isStale)
      .orderBy(asc(uploads.createdAt))
      .limit(limit),
  )
}

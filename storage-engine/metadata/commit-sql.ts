import { bytesArray, jsonArray, plainArray, textArray } from '#storage-engine/metadata/array-literal.ts'
import type { Statement, TextRow } from '#storage-engine/metadata/hot-connection.ts'
import type { ObjectLock, ObjectSettings } from '#storage-engine/object-settings.ts'

export interface CommitBlob {
  blobId: string
  locator: string
  /** Bytes of plaintext. */
  size: number
  /** Bytes in the blob store. */
  storedSize: number
  /** 0 plain, 1 FLOE. */
  cipher: number
}

/** The current version that a key gets. */
export interface CommitRow {
  namespaceId: string
  bucketId: string
  /** Of the bucket when the body was sealed or left plain. */
  encryptionEpoch: number
  key: string
  versionId: string
  ownerId: string
  size: number
  /** Without quotes. */
  etag: string
  contentType: string
  systemHeaders: Record<string, string> | null
  userMetadata: Record<string, string> | null
  checksum: { algorithm: string; type: 'FULL_OBJECT' | 'COMPOSITE'; value: string } | null
  /** Null for an empty object that has no blob. */
  blob: CommitBlob | null
  lock: ObjectLock | null
  settings: ObjectSettings | null
  wrappedDataKey: Buffer | null
  namespaceKeyVersion: number | null
}

/** `kept`: the row was there already and the statement was asked to leave it. */
export type CommitAnswer =
  | { verdict: 'written'; lastModified: Date }
  | { verdict: 'no-bucket' }
  | { verdict: 'other-epoch' }
  | { verdict: 'kept' }

const REPLACE = `update set
    version_id = excluded.version_id, is_null = excluded.is_null, is_delete_marker = false, owner_id = excluded.owner_id,
    size = excluded.size, sealed_size = excluded.sealed_size, etag = excluded.etag,
    last_modified = greatest(excluded.last_modified, object_versions.last_modified), content_type = excluded.content_type,
    system_headers = excluded.system_headers, user_metadata = excluded.user_metadata, checksum = excluded.checksum,
    blob_id = excluded.blob_id, upload_id = null, part_count = null, lock = excluded.lock, settings = excluded.settings,
    wrapped_data_key = excluded.wrapped_data_key, namespace_key_version = excluded.namespace_key_version`

/**
 * One statement for a whole group. Which race each lock settles:
 * - namespaces FOR SHARE: a switch of encryption waits for us, or we see its epoch (ENC-1).
 * - buckets FOR KEY SHARE: a DeleteBucket waits for us, or we find no bucket.
 * - rows are written in order of bucket and key, so two groups cannot deadlock on each other's rows.
 * - RETURNING old is the row that this very upsert replaced, so every replaced blob becomes garbage exactly once.
 */
function commitText(onConflict: string): string {
  return `
with input as materialized (
  select * from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::uuid[], $6::uuid[], $7::bigint[], $8::text[], $9::text[], $10::jsonb[],
    $11::jsonb[], $12::jsonb[], $13::uuid[], $14::text[], $15::bigint[], $16::smallint[], $17::bytea[], $18::integer[],
    $19::jsonb[], $20::jsonb[])
    with ordinality as i (namespace_id, bucket_id, epoch, key, version_id, owner_id, size, etag, content_type, system_headers,
    user_metadata, checksum, blob_id, locator, stored_size, cipher, wrapped_data_key, namespace_key_version,
    lock, settings, n)
), locked_namespaces as materialized (
  select id, encryption_mode, encryption_epoch from namespaces where id = any($1::uuid[]) order by id for share
), locked_buckets as materialized (
  select id, namespace_id from buckets where id = any($2::uuid[]) order by id for key share
), judged as materialized (
  select i.*, case
    when b.id is null or n.id is null then 'no-bucket'
    when n.encryption_epoch <> i.epoch or (n.encryption_mode = 'on' and i.cipher = 0) then 'other-epoch'
    else 'written' end as verdict
  from input i
  left join locked_buckets b on b.id = i.bucket_id and b.namespace_id = i.namespace_id
  left join locked_namespaces n on n.id = i.namespace_id
), written as (
  insert into object_versions (bucket_id, key, noncurrent_order, version_id, is_null, is_delete_marker, owner_id, size, sealed_size, etag, last_modified,
    content_type, system_headers, user_metadata, checksum, blob_id, wrapped_data_key, namespace_key_version, lock, settings)
  select bucket_id, key, 0, version_id, true, false, owner_id, size, case when cipher > 0 then size else 0 end, etag, clock_timestamp(),
    content_type, system_headers, user_metadata, checksum, blob_id, wrapped_data_key, namespace_key_version, lock, settings
  from judged where verdict = 'written' order by bucket_id, key collate "C"
  on conflict (bucket_id, key, noncurrent_order) do ${onConflict}
  returning new.bucket_id, new.version_id, new.last_modified, old.blob_id as old_blob_id, old.upload_id as old_upload_id,
    (old.version_id is null)::integer as object_count, new.size - coalesce(old.size, 0) as size_bytes,
    (new.wrapped_data_key is not null and new.sealed_size = new.size)::integer
      - coalesce((old.wrapped_data_key is not null and old.sealed_size = old.size)::integer, 0) as sealed_count, new.sealed_size - coalesce(old.sealed_size, 0) as sealed_bytes
), referred_blobs as (
  insert into blobs (blob_id, locator, size, stored_size, cipher, namespace_id)
  select blob_id, locator, size, stored_size, cipher, namespace_id from judged where verdict = 'written' and blob_id is not null
), freed_blobs as (
  insert into garbage_blobs (blob_id) select old_blob_id from written where old_blob_id is not null
), freed_uploads as (
  insert into garbage_uploads (upload_id) select old_upload_id from written where old_upload_id is not null
), counted as (
  insert into usage_deltas (bucket_id, object_count, size_bytes, sealed_count, sealed_bytes)
  select bucket_id, sum(object_count), sum(size_bytes), sum(sealed_count), sum(sealed_bytes) from written group by bucket_id
)
select j.n, j.verdict, (date_part('epoch', w.last_modified) * 1000)::bigint
from judged j left join written w on w.version_id = j.version_id`
}

const REPLACING_TEXT = commitText(REPLACE)
const KEEPING_TEXT = commitText('nothing')

/** The statement that commits `rows`; `whenPresent` says what happens to a key that exists. */
export function commitStatement(rows: CommitRow[], whenPresent: 'replace' | 'keep'): Statement {
  const values = [
    plainArray(rows.map((row) => row.namespaceId)),
    plainArray(rows.map((row) => row.bucketId)),
    plainArray(rows.map((row) => row.encryptionEpoch)),
    textArray(rows.map((row) => row.key)),
    plainArray(rows.map((row) => row.versionId)),
    plainArray(rows.map((row) => row.ownerId)),
    plainArray(rows.map((row) => row.size)),
    textArray(rows.map((row) => row.etag)),
    textArray(rows.map((row) => row.contentType)),
    jsonArray(rows.map((row) => row.systemHeaders)),
    jsonArray(rows.map((row) => row.userMetadata)),
    jsonArray(rows.map((row) => row.checksum)),
    plainArray(rows.map((row) => row.blob?.blobId ?? null)),
    textArray(rows.map((row) => row.blob?.locator ?? null)),
    plainArray(rows.map((row) => row.blob?.storedSize ?? null)),
    plainArray(rows.map((row) => row.blob?.cipher ?? null)),
    bytesArray(rows.map((row) => row.wrappedDataKey)),
    plainArray(rows.map((row) => row.namespaceKeyVersion)),
    jsonArray(rows.map((row) => row.lock)),
    jsonArray(rows.map((row) => row.settings)),
  ]
  return whenPresent === 'replace'
    ? { name: 'commit', text: REPLACING_TEXT, values }
    : { name: 'commit-keeping', text: KEEPING_TEXT, values }
}

/** Answers in the order of the statement's rows. */
export function readCommitAnswers(result: TextRow[]): CommitAnswer[] {
  const answers = new Array<CommitAnswer>(result.length)
  for (const [ordinal, verdict, lastModified] of result)
    answers[Number(ordinal) - 1] = readAnswer(verdict, lastModified)
  return answers
}

function readAnswer(verdict: string | null | undefined, lastModified: string | null | undefined): CommitAnswer {
  if (verdict === 'no-bucket' || verdict === 'other-epoch') return { verdict }
  return lastModified ? { verdict: 'written', lastModified: new Date(Number(lastModified)) } : { verdict: 'kept' }
}

import { bytesArray, jsonArray, plainArray, textArray } from '#storage-engine/metadata/array-literal.ts'
import type { PendingEvents } from '#storage-engine/metadata/events.ts'
import { visibleVersionId } from '#storage-engine/metadata/found-objects.ts'
import type { Statement, TextRow } from '#storage-engine/metadata/hot-connection.ts'
import type { Bucket } from '#storage-engine/metadata/known-buckets.ts'
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
  /** As the caller last saw it. It chooses the statement; what happens, the statement decides by the bucket's row. */
  versioning: Bucket['versioning']
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
  /** Null for an empty object that has no blob, a multipart object and a delete marker. */
  blob: CommitBlob | null
  /** The upload whose parts are the bytes. */
  upload: CommitUpload | null
  isDeleteMarker: boolean
  /** Without a retention of its own a version gets the bucket's default one. */
  lock: ObjectLock | null
  settings: ObjectSettings | null
  wrappedDataKey: Buffer | null
  namespaceKeyVersion: number | null
  /** What somebody wants to hear of it; noted in the same statement. */
  events?: PendingEvents | null
}

export interface CommitUpload {
  uploadId: string
  partCount: number
  sealedSize: number
}

/**
 * `kept`: the key has a version and the statement was asked to leave it.
 * `contested`: a null version would have to take the place of one that is not null, which needs a lock first.
 * `versioned`: the plain statement met a bucket with versioning and did nothing.
 */
export type CommitAnswer =
  | { verdict: 'written'; lastModified: Date; versionId: string | null }
  | { verdict: 'no-bucket' | 'other-epoch' | 'kept' | 'contested' | 'versioned' }

/** What happens to a key that has a version. `force` is for whoever holds the key's lock (`lockKeys`). */
export type WhenPresent = 'replace' | 'keep' | 'force'

interface Input {
  column: string
  type: string
  encode: (rows: CommitRow[]) => string
}

const PLAIN_INPUTS: Input[] = [
  { column: 'namespace_id', type: 'uuid', encode: (rows) => plainArray(rows.map((row) => row.namespaceId)) },
  { column: 'bucket_id', type: 'uuid', encode: (rows) => plainArray(rows.map((row) => row.bucketId)) },
  { column: 'epoch', type: 'integer', encode: (rows) => plainArray(rows.map((row) => row.encryptionEpoch)) },
  { column: 'key', type: 'text', encode: (rows) => textArray(rows.map((row) => row.key)) },
  { column: 'version_id', type: 'uuid', encode: (rows) => plainArray(rows.map((row) => row.versionId)) },
  { column: 'owner_id', type: 'uuid', encode: (rows) => plainArray(rows.map((row) => row.ownerId)) },
  { column: 'size', type: 'bigint', encode: (rows) => plainArray(rows.map((row) => row.size)) },
  { column: 'etag', type: 'text', encode: (rows) => textArray(rows.map((row) => row.etag)) },
  { column: 'content_type', type: 'text', encode: (rows) => textArray(rows.map((row) => row.contentType)) },
  { column: 'system_headers', type: 'jsonb', encode: (rows) => jsonArray(rows.map((row) => row.systemHeaders)) },
  { column: 'user_metadata', type: 'jsonb', encode: (rows) => jsonArray(rows.map((row) => row.userMetadata)) },
  { column: 'checksum', type: 'jsonb', encode: (rows) => jsonArray(rows.map((row) => row.checksum)) },
  { column: 'blob_id', type: 'uuid', encode: (rows) => plainArray(rows.map((row) => row.blob?.blobId ?? null)) },
  { column: 'locator', type: 'text', encode: (rows) => textArray(rows.map((row) => row.blob?.locator ?? null)) },
  {
    column: 'stored_size',
    type: 'bigint',
    encode: (rows) => plainArray(rows.map((row) => row.blob?.storedSize ?? null)),
  },
  { column: 'cipher', type: 'smallint', encode: (rows) => plainArray(rows.map((row) => row.blob?.cipher ?? null)) },
  { column: 'wrapped_data_key', type: 'bytea', encode: (rows) => bytesArray(rows.map((row) => row.wrappedDataKey)) },
  {
    column: 'namespace_key_version',
    type: 'integer',
    encode: (rows) => plainArray(rows.map((row) => row.namespaceKeyVersion)),
  },
  { column: 'settings', type: 'jsonb', encode: (rows) => jsonArray(rows.map((row) => row.settings)) },
]

const INPUTS: Input[] = [
  ...PLAIN_INPUTS,
  {
    column: 'is_delete_marker',
    type: 'boolean',
    encode: (rows) => plainArray(rows.map((row) => String(row.isDeleteMarker))),
  },
  { column: 'sealed_size', type: 'bigint', encode: (rows) => plainArray(rows.map(sealedSizeOf)) },
  { column: 'upload_id', type: 'uuid', encode: (rows) => plainArray(rows.map((row) => row.upload?.uploadId ?? null)) },
  {
    column: 'part_count',
    type: 'integer',
    encode: (rows) => plainArray(rows.map((row) => row.upload?.partCount ?? null)),
  },
  { column: 'own_lock', type: 'jsonb', encode: (rows) => jsonArray(rows.map((row) => row.lock)) },
]

/** Only for groups of which some row has events: most have none, and planning the rest is not free. */
const NOTED_INPUTS: Input[] = [
  ...INPUTS,
  { column: 'events', type: 'jsonb', encode: (rows) => jsonArray(rows.map((row) => row.events ?? null)) },
]

function sealedSizeOf({ size, blob, upload }: CommitRow): number {
  if (upload !== null) return upload.sealedSize
  return blob !== null && blob.cipher > 0 ? size : 0
}

/** Columns of a version besides its place, in the order in which every statement here writes them. */
export const VERSION_FIELDS = [
  'version_id',
  'is_null',
  'is_delete_marker',
  'owner_id',
  'size',
  'sealed_size',
  'etag',
  'last_modified',
  'content_type',
  'system_headers',
  'user_metadata',
  'checksum',
  'blob_id',
  'upload_id',
  'part_count',
  'lock',
  'settings',
  'wrapped_data_key',
  'namespace_key_version',
] as const

const FIELDS = VERSION_FIELDS.join(', ')

/** The plain statement is for what most writes are: a single body in a bucket that was never versioned. */
const PLAIN_VALUES = `version_id, true, false, owner_id, size, case when cipher > 0 then size else 0 end, etag, clock_timestamp(), content_type, system_headers,
    user_metadata, checksum, blob_id, null, null, null, settings, wrapped_data_key, namespace_key_version`
const VALUES = `version_id, versioning <> 'enabled', is_delete_marker, owner_id, size, sealed_size, etag, clock_timestamp(), content_type, system_headers,
    user_metadata, checksum, blob_id, upload_id, part_count,
    case when is_delete_marker then null when own_lock ? 'mode' or default_retention is null then own_lock
      else coalesce(own_lock, '{}') || jsonb_build_object('mode', default_retention -> 'mode', 'retainUntil', to_char((clock_timestamp()
        + make_interval(years => coalesce((default_retention ->> 'years')::integer, 0), days => coalesce((default_retention ->> 'days')::integer, 0)))
        at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) end,
    settings, wrapped_data_key, namespace_key_version`

/** Last-Modified of a key never goes back. */
const REPLACED_FIELDS = VERSION_FIELDS.map((field) =>
  field === 'last_modified'
    ? 'last_modified = greatest(excluded.last_modified, object_versions.last_modified)'
    : `${field} = excluded.${field}`,
).join(', ')

/**
 * What a null version replaces must be null itself: `is_null` of the row as it is when we have its lock, which the bucket's
 * versioning as the statement saw it need not tell. A lock, which a null version can only have got meanwhile, is left too.
 */
const MAY_REPLACE = 'not excluded.is_null or (object_versions.is_null and object_versions.lock is null)'

const ON_CONFLICT: Record<WhenPresent, string> = {
  replace: `update set ${REPLACED_FIELDS} where ${MAY_REPLACE}`,
  keep: 'nothing',
  force: `update set ${REPLACED_FIELDS}`,
}

const NONCURRENT_ORDER = `4611686018427387904 - nextval('noncurrent_orders')`

/** An old version is freed when a null version takes the place of the null version; else it becomes noncurrent. */
const IS_FREED = '(old.is_null and new.is_null)'

/**
 * One statement is one snapshot, so it may only rest on rows that it locks itself. What each lock settles:
 * - namespaces FOR SHARE: a switch of encryption waits for us, or we see its epoch (ENC-1). So do the retirement of a key
 *   version and a shredding: nothing is committed that only a destroyed key would open.
 * - buckets FOR KEY SHARE: a DeleteBucket waits for us, or we find no bucket. A switch of versioning passes: the write
 *   then counts as begun before it.
 * - rows are written in order of bucket and key, so two groups cannot deadlock on each other's rows.
 * - the current row of a key stands for the key: nobody changes another version of it without that row's lock.
 * - RETURNING old is the row that this very upsert replaced, so every replaced version is freed or kept exactly once.
 */
function commitText({
  isPlain = false,
  isNoted = false,
  whenPresent,
}: {
  isPlain?: boolean
  isNoted?: boolean
  whenPresent: WhenPresent
}): string {
  const inputs = isPlain ? PLAIN_INPUTS : isNoted ? NOTED_INPUTS : INPUTS
  return `
with input as materialized (
  select * from unnest(${inputs.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')})
    with ordinality as i (${inputs.map(({ column }) => column).join(', ')}, n)
), locked_namespaces as materialized (
  select id, encryption_mode, encryption_epoch, retired_key_versions, shred_state from namespaces where id = any($1::uuid[]) order by id for share
), locked_buckets as materialized (
  select id, namespace_id, versioning${isPlain ? '' : `, case when versioning = 'enabled' then settings -> 'objectLock' -> 'defaultRetention' end as default_retention`}
  from buckets where id = any($2::uuid[]) order by id for key share
), judged as materialized (
  select i.*, b.versioning${isPlain ? '' : ', b.default_retention'}, case
    when b.id is null or n.id is null then 'no-bucket'
    ${isPlain ? `when b.versioning <> 'unversioned' then 'versioned'` : `when i.is_delete_marker then 'written'`}
    when n.encryption_epoch <> i.epoch or (n.encryption_mode = 'on' and i.cipher = 0) or n.shred_state is not null
      or i.namespace_key_version = any(n.retired_key_versions) then 'other-epoch'
    else 'written' end as verdict
  from input i
  left join locked_buckets b on b.id = i.bucket_id and b.namespace_id = i.namespace_id
  left join locked_namespaces n on n.id = i.namespace_id
), written as (
  insert into object_versions (bucket_id, key, noncurrent_order, ${FIELDS})
  select bucket_id, key, 0, ${isPlain ? PLAIN_VALUES : VALUES}
  from judged where verdict = 'written' order by bucket_id, key collate "C"
  on conflict (bucket_id, key, noncurrent_order) do ${ON_CONFLICT[whenPresent]}
  returning new.bucket_id, new.key, new.version_id, new.is_null, new.last_modified, ${isPlain ? PLAIN_RETURNING : RETURNING}
)${whenPresent === 'force' ? CLEARED : ''}, referred_blobs as (
  insert into blobs (blob_id, locator, size, stored_size, cipher, namespace_id)
  select blob_id, locator, size, stored_size, cipher, namespace_id from judged
  where blob_id is not null and version_id in (select version_id from written)
)${isPlain ? PLAIN_CONSEQUENCES : consequences(whenPresent)}${isNoted ? NOTED : ''}
select j.n, j.verdict, (date_part('epoch', w.last_modified) * 1000)::bigint, w.is_null, j.versioning
from judged j left join written w on w.version_id = j.version_id`
}

const PLAIN_RETURNING = `old.blob_id as old_blob_id, old.upload_id as old_upload_id,
    1 - coalesce((not old.is_delete_marker)::integer, 0) as object_count, new.size - coalesce(old.size, 0) as size_bytes,
    (new.wrapped_data_key is not null and new.sealed_size = new.size)::integer
      - coalesce((old.wrapped_data_key is not null and old.sealed_size = old.size)::integer, 0) as sealed_count, new.sealed_size - coalesce(old.sealed_size, 0) as sealed_bytes`

const PLAIN_CONSEQUENCES = `, freed_blobs as (
  insert into garbage_blobs (blob_id) select old_blob_id from written where old_blob_id is not null
), freed_uploads as (
  insert into garbage_uploads (upload_id) select old_upload_id from written where old_upload_id is not null
), counted as (
  insert into usage_deltas (bucket_id, object_count, size_bytes, sealed_count, sealed_bytes)
  select bucket_id, sum(object_count), sum(size_bytes), sum(sealed_count), sum(sealed_bytes) from written group by bucket_id
)`

/** What a row counts for in usage; delete markers count for nothing. */
export function countsOf(row: 'old' | 'new' | 'o'): string {
  return `(not ${row}.is_delete_marker)::integer as ${row}_count, ${row}.size as ${row}_size_bytes,
    (${row}.wrapped_data_key is not null and ${row}.sealed_size = ${row}.size)::integer as ${row}_sealed_count, ${row}.sealed_size as ${row}_sealed_bytes`
}

const RETURNING = `${IS_FREED} as is_freed, ${VERSION_FIELDS.map((field) => `old.${field} as old_${field}`).join(', ')},
    ${countsOf('new')}, ${countsOf('old')}`

/** The null version that a new null version replaces when it is not the current one. */
const CLEARED = `, cleared as (
  delete from object_versions o using judged j
  where j.verdict = 'written' and j.versioning <> 'enabled' and o.bucket_id = j.bucket_id and o.key = j.key and o.is_null and o.noncurrent_order <> 0
  returning o.bucket_id, o.blob_id, o.upload_id, ${countsOf('o')}
)`

function consequences(whenPresent: WhenPresent): string {
  const alsoCleared = (columns: string) => (whenPresent === 'force' ? `union all select ${columns} from cleared` : '')
  return `, archived as (
  insert into object_versions (bucket_id, key, noncurrent_order, ${FIELDS})
  select bucket_id, key, ${NONCURRENT_ORDER}, ${VERSION_FIELDS.map((field) => `old_${field}`).join(', ')}
  from written where old_version_id is not null and not is_freed
), freed as (
  select bucket_id, old_blob_id as blob_id, old_upload_id as upload_id, old_count as count, old_size_bytes as size_bytes, old_sealed_count as sealed_count,
    old_sealed_bytes as sealed_bytes from written where is_freed
  ${alsoCleared('bucket_id, blob_id, upload_id, o_count, o_size_bytes, o_sealed_count, o_sealed_bytes')}
), freed_blobs as (
  insert into garbage_blobs (blob_id) select blob_id from freed where blob_id is not null
), freed_uploads as (
  insert into garbage_uploads (upload_id) select upload_id from freed where upload_id is not null
), counted as (
  insert into usage_deltas (bucket_id, object_count, size_bytes, sealed_count, sealed_bytes)
  select bucket_id, sum(count), sum(size_bytes), sum(sealed_count), sum(sealed_bytes) from (
    select bucket_id, new_count as count, new_size_bytes as size_bytes, new_sealed_count as sealed_count, new_sealed_bytes as sealed_bytes from written
    union all select bucket_id, -count, -size_bytes, -sealed_count, -sealed_bytes from freed) changes
  group by bucket_id
)`
}

/**
 * Of the events that a row may turn out to be, the one that it is: what a client meant as a delete may become a marker. The
 * id of an event is drawn once the row's lock is held, so a key's events have its order.
 */
const NOTED = `, noted as (
  insert into events (namespace_id, bucket_id, key, event_name, target_arn, details, version_id, size, etag, happened_at)
  select j.namespace_id, j.bucket_id, j.key, e.name, e.target ->> 'arn', (j.events -> 'details') || jsonb_build_object('configurationId', e.target -> 'configurationId'),
    case when j.versioning = 'unversioned' then null when w.is_null then 'null' else w.version_id::text end,
    case when not j.is_delete_marker then j.size end, nullif(j.etag, ''), w.last_modified
  from written w join judged j on j.version_id = w.version_id
  cross join lateral jsonb_each(j.events -> 'targets') as e (name, target)
  where (e.name like '%:DeleteMarkerCreated') = j.is_delete_marker
)`

const PLAIN_TEXT = commitText({ isPlain: true, whenPresent: 'replace' })
const TEXTS: Record<WhenPresent, string> = {
  replace: commitText({ whenPresent: 'replace' }),
  keep: commitText({ whenPresent: 'keep' }),
  force: commitText({ whenPresent: 'force' }),
}
const NOTED_TEXTS: Record<WhenPresent, string> = {
  replace: commitText({ isNoted: true, whenPresent: 'replace' }),
  keep: commitText({ isNoted: true, whenPresent: 'keep' }),
  force: commitText({ isNoted: true, whenPresent: 'force' }),
}

/** Whether a row is one of those that the plain statement is for, as far as its caller knows. */
export function isPlainRow({ versioning, isDeleteMarker, upload, lock, events }: CommitRow): boolean {
  return versioning === 'unversioned' && !isDeleteMarker && upload === null && lock === null && !events
}

/** The statement that commits rows of which each `isPlainRow`. */
export function plainCommitStatement(rows: CommitRow[]): Statement {
  return { name: 'commit-plain', text: PLAIN_TEXT, values: PLAIN_INPUTS.map(({ encode }) => encode(rows)) }
}

/** The statement that commits any rows, no two of one key. */
export function commitStatement(rows: CommitRow[], whenPresent: WhenPresent): Statement {
  if (rows.some(({ events }) => events)) {
    const values = NOTED_INPUTS.map(({ encode }) => encode(rows))
    return { name: `commit-noting-${whenPresent}`, text: NOTED_TEXTS[whenPresent], values }
  }
  const values = INPUTS.map(({ encode }) => encode(rows))
  return { name: `commit-${whenPresent}`, text: TEXTS[whenPresent], values }
}

/** Answers in the order of `rows`. */
export function readCommitAnswers(
  result: TextRow[],
  { rows, whenPresent }: { rows: CommitRow[]; whenPresent: WhenPresent },
): CommitAnswer[] {
  const answers = new Array<CommitAnswer>(result.length)
  for (const row of result) {
    const index = Number(row[0]) - 1
    answers[index] = readAnswer(row, rows[index] as CommitRow, whenPresent)
  }
  return answers
}

function readAnswer(row: TextRow, { versionId }: CommitRow, whenPresent: WhenPresent): CommitAnswer {
  const [, verdict, lastModified, isNull, versioning] = row
  if (verdict !== 'written') return { verdict: verdict as 'no-bucket' | 'other-epoch' | 'versioned' }
  if (!lastModified) return { verdict: whenPresent === 'keep' ? 'kept' : 'contested' }
  const visible = visibleVersionId({ isNull: isNull === 't', versionId })
  return {
    verdict: 'written',
    lastModified: new Date(Number(lastModified)),
    versionId: versioning === 'unversioned' ? null : visible,
  }
}

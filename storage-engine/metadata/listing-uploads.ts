import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { isUuid } from '#storage-engine/metadata/is-uuid.ts'
import { lowerBoundAfter, upperBoundOf, withoutNul } from '#storage-engine/metadata/list-position.ts'

const ENTRIES_MAX = 1_000
const FIRST_ID = '00000000-0000-0000-0000-000000000000'
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

export interface ListedUpload {
  kind: 'upload'
  key: string
  uploadId: string
  ownerId: string
  initiatorId: string
  createdAt: Date
  checksumAlgorithm: string | null
  checksumType: string | null
  storageClass: string
}

export interface ListUploads {
  bucketId: string
  prefix: string
  /** Any text; '' for a flat listing. */
  delimiter: string
  /** Exclusive, except that uploads of this very key behind `uploadIdMarker` are listed; '' begins at the start. */
  keyMarker: string
  uploadIdMarker: string
  /** 0 to 1,000: uploads and common prefixes together. */
  limit: number
}

export interface UploadPage {
  /** By key in byte order, uploads of one key from the oldest; each common prefix at its place. */
  entries: (ListedUpload | { kind: 'prefix'; prefix: string })[]
  isTruncated: boolean
  nextKeyMarker: string | null
  nextUploadIdMarker: string | null
}

/** Open uploads, in one statement: each step finds the next upload, behind the whole of a common prefix. */
export async function listUploads(db: Queryable, params: ListUploads): Promise<UploadPage> {
  const { bucketId, prefix, limit } = params
  if (!Number.isInteger(limit) || limit < 0 || limit > ENTRIES_MAX)
    throw new StorageError('InvalidArgument', { extra: { ArgumentName: 'max-uploads' } })
  if (limit === 0 || prefix.includes('\0'))
    return { entries: [], isTruncated: false, nextKeyMarker: null, nextUploadIdMarker: null }
  const delimiter = params.delimiter.includes('\0') ? '' : params.delimiter
  const [key, id] = startOf({ ...params, delimiter })
  const rows = await db.query<UploadRow>({
    name: 'list-uploads',
    text: LIST_UPLOADS_TEXT,
    values: [bucketId, prefix, delimiter, key, id, upperBoundOf(prefix), upperBoundOf(''), limit + 1],
  })
  return pageOf(rows, limit)
}

/** The position, exclusive, behind which the page begins. */
function startOf({ prefix, delimiter, keyMarker, uploadIdMarker }: ListUploads): [key: string, id: string] {
  if (keyMarker === '') return ['', FIRST_ID]
  const marker = withoutNul(keyMarker)
  const behind = lowerBoundAfter(marker, { prefix, delimiter })
  if (uploadIdMarker === '' || behind.length > marker.length + 1) return [behind, FIRST_ID]
  if (!isUuid(uploadIdMarker))
    throw new StorageError('InvalidArgument', {
      extra: { ArgumentName: 'upload-id-marker', ArgumentValue: uploadIdMarker },
    })
  return [marker, keyMarker === marker ? uploadIdMarker : LAST_ID]
}

interface UploadRow {
  key: string
  id: string
  ownerId: string
  initiatorId: string
  createdAt: Date
  checksumAlgorithm: string | null
  checksumType: string | null
  storageClass: string
  commonPrefix: string | null
}

const NEXT_UPLOAD = `
    select u.key, u.id, u.owner_id, u.initiator_id, u.created_at, u.checksum_algorithm, u.checksum_type,
      coalesce(u.settings ->> 'storageClass', 'STANDARD') as storage_class, case
      when $3 <> '' and strpos(substr(u.key, char_length($2) + 1), $3) > 0
      then left(u.key, char_length($2) + strpos(substr(u.key, char_length($2) + 1), $3) + char_length($3) - 1) end collate "C" as common_prefix
    from uploads u
    where u.bucket_id = $1 and u.state = 'open' and u.key >= $2 collate "C" and u.key < $6 collate "C"`

const LIST_UPLOADS_TEXT = `
with recursive step as (
  (${NEXT_UPLOAD} and (u.key, u.id) > ($4::text collate "C", $5::uuid) order by u.key, u.id limit 1)
  union all
  select n.* from step s cross join lateral (
    ${NEXT_UPLOAD} and (u.key, u.id) > (coalesce(s.common_prefix || $7, s.key) collate "C", case when s.common_prefix is null then s.id else '${FIRST_ID}' end)
    order by u.key, u.id limit 1) n
)
select key, id, owner_id as "ownerId", initiator_id as "initiatorId", created_at as "createdAt", checksum_algorithm as "checksumAlgorithm",
  checksum_type as "checksumType", storage_class as "storageClass", common_prefix as "commonPrefix" from step limit $8`

function pageOf(rows: UploadRow[], limit: number): UploadPage {
  const shown = rows.slice(0, limit)
  const isTruncated = rows.length > limit
  const last = isTruncated ? shown.at(-1) : undefined
  return {
    entries: shown.map(readUpload),
    isTruncated,
    nextKeyMarker: last?.commonPrefix ?? last?.key ?? null,
    nextUploadIdMarker: last === undefined || last.commonPrefix !== null ? null : last.id,
  }
}

function readUpload({ id, commonPrefix, ...upload }: UploadRow): UploadPage['entries'][number] {
  return commonPrefix === null ? { kind: 'upload', uploadId: id, ...upload } : { kind: 'prefix', prefix: commonPrefix }
}

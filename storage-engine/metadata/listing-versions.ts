import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { visibleVersionId } from '#storage-engine/metadata/found-objects.ts'
import type { TextRow } from '#storage-engine/metadata/hot-connection.ts'
import { isUuid } from '#storage-engine/metadata/is-uuid.ts'
import { lowerBoundAfter, withoutNul } from '#storage-engine/metadata/list-position.ts'
import type { ListedPrefix } from '#storage-engine/metadata/listing.ts'

const ENTRIES_MAX = 1_000

export interface ListedVersion {
  kind: 'version' | 'delete-marker'
  key: string
  /** As S3 shows it. */
  versionId: string
  isLatest: boolean
  ownerId: string
  size: number
  /** Without quotes. */
  etag: string
  lastModified: Date
  checksum: { algorithm: string; type: 'FULL_OBJECT' | 'COMPOSITE'; value: string } | null
  storageClass: string
}

export interface ListVersions {
  bucketId: string
  prefix: string
  /** Any text; '' for a flat listing. */
  delimiter: string
  /** A key or common prefix, exclusive except for versions of this very key behind `versionIdMarker`; '' begins at the start. */
  keyMarker: string
  /** As S3 shows it; null: behind all versions of `keyMarker`. One that is gone by now: at the first version that is left. */
  versionIdMarker: string | null
  /** 0 to 1,000: versions and common prefixes together. */
  limit: number
}

export interface VersionPage {
  /** By key in byte order, the versions of a key from the newest; each common prefix at its place. */
  entries: (ListedVersion | ListedPrefix)[]
  isTruncated: boolean
  nextKeyMarker: string | null
  nextVersionIdMarker: string | null
}

/**
 * One page of all versions and delete markers, in one statement whose cost follows the page alone.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 */
export async function listVersions(db: Queryable, params: ListVersions): Promise<VersionPage> {
  const { bucketId, prefix, limit } = params
  if (!Number.isInteger(limit) || limit < 0 || limit > ENTRIES_MAX)
    throw new StorageError('InvalidArgument', { extra: { ArgumentName: 'max-keys' } })
  if (limit === 0 || prefix.includes('\0'))
    return { entries: [], isTruncated: false, nextKeyMarker: null, nextVersionIdMarker: null }
  const delimiter = params.delimiter.includes('\0') ? '' : params.delimiter
  const { first, marker } = startOf({ ...params, delimiter })
  const rows = await db.queryText({
    name: 'list-versions',
    text: `
select entry, is_prefix, version_id, is_null, is_latest, is_delete_marker, owner_id, size, etag, (date_part('epoch', last_modified) * 1000)::bigint, checksum,
  storage_class from list_versions($1, $2, $3, $4, $5, $6, $7)`,
    values: [bucketId, prefix, delimiter, first, marker === 'null' ? null : marker, marker === 'null', limit + 1],
  })
  return pageOf(rows.map(readEntry), limit)
}

/** The page's first key, inclusive, and the version of it behind which the page begins. */
function startOf({
  prefix,
  delimiter,
  keyMarker,
  versionIdMarker,
}: Pick<ListVersions, 'prefix' | 'delimiter' | 'keyMarker' | 'versionIdMarker'>): {
  first: string
  marker: string | null
} {
  const key = withoutNul(keyMarker)
  const behind = lowerBoundAfter(key, { prefix, delimiter })
  // Of a common prefix there are no versions, and no stored key holds a NUL.
  const isKey = behind.length === key.length + 1 && key === keyMarker
  if (versionIdMarker === null || !isKey) return { first: behind, marker: null }
  if (versionIdMarker !== 'null' && !isUuid(versionIdMarker)) return { first: key, marker: null }
  return { first: key, marker: versionIdMarker }
}

function readEntry(row: TextRow): ListedVersion | ListedPrefix {
  const [
    entry,
    isPrefix,
    versionId,
    isNull,
    isLatest,
    isMarker,
    ownerId,
    size,
    etag,
    lastModified,
    checksum,
    storageClass,
  ] = row
  if (isPrefix === 't') return { kind: 'prefix', prefix: entry as string }
  return {
    kind: isMarker === 't' ? 'delete-marker' : 'version',
    key: entry as string,
    versionId: visibleVersionId({ versionId: versionId as string, isNull: isNull === 't' }),
    isLatest: isLatest === 't',
    ownerId: ownerId as string,
    size: Number(size),
    etag: etag as string,
    lastModified: new Date(Number(lastModified)),
    checksum: checksum ? JSON.parse(checksum) : null,
    storageClass: storageClass ?? 'STANDARD',
  }
}

function pageOf(rows: VersionPage['entries'], limit: number): VersionPage {
  const entries = rows.slice(0, limit)
  const last = rows.length > limit ? entries.at(-1) : undefined
  if (last === undefined) return { entries, isTruncated: false, nextKeyMarker: null, nextVersionIdMarker: null }
  const isPrefix = last.kind === 'prefix'
  return {
    entries,
    isTruncated: true,
    nextKeyMarker: isPrefix ? last.prefix : last.key,
    nextVersionIdMarker: isPrefix ? null : last.versionId,
  }
}

import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { lowerBoundAfter, withoutNul } from '#storage-engine/metadata/list-position.ts'

/** S3's own limit; more in one page would only cost memory. */
const ENTRIES_MAX = 1_000

export interface ListedObject {
  kind: 'object'
  key: string
  versionId: string
  ownerId: string
  size: number
  /** Whether every byte is sealed. */
  sealed: boolean
  /** Without quotes. */
  etag: string
  lastModified: Date
  contentType: string
  checksum: { algorithm: string; type: 'FULL_OBJECT' | 'COMPOSITE'; value: string } | null
  storageClass: string
}

export interface ListedPrefix {
  kind: 'prefix'
  /** From the start of the key to the end of the first delimiter behind the asked prefix. */
  prefix: string
}

export type ListedEntry = ListedObject | ListedPrefix

export interface ListObjects {
  bucketId: string
  prefix: string
  /** Any text; '' for a flat listing. */
  delimiter: string
  /** A key or common prefix, exclusive; '' begins at the start. It need not exist. */
  startAfter: string
  /** 0 to 1,000: objects and common prefixes together. */
  limit: number
}

export interface ObjectPage {
  /** In byte order of UTF-8, each common prefix at its place. */
  entries: ListedEntry[]
  isTruncated: boolean
  /** The last entry: `startAfter` of the next page; null at the end. */
  nextMarker: string | null
}

/** One page of a bucket's current objects, in one statement whose cost follows the page alone. */
export async function listObjects(
  db: Queryable,
  { bucketId, prefix, delimiter, startAfter, limit }: ListObjects,
): Promise<ObjectPage> {
  if (!Number.isInteger(limit) || limit < 0 || limit > ENTRIES_MAX)
    throw new StorageError('InvalidArgument', { extra: { ArgumentName: 'max-keys' } })
  if (limit === 0 || prefix.includes('\0')) return { entries: [], isTruncated: false, nextMarker: null }
  const plainDelimiter = delimiter.includes('\0') ? '' : delimiter
  const first = lowerBoundAfter(withoutNul(startAfter), { prefix, delimiter: plainDelimiter })
  const rows = await listEntries(db, {
    bucketId,
    prefix,
    delimiter: plainDelimiter,
    first,
    limit: limit + 1,
    kinds: 'all',
  })
  const entries = rows.slice(0, limit)
  const isTruncated = rows.length > limit
  return { entries, isTruncated, nextMarker: isTruncated ? nameOf(entries[limit - 1] as ListedEntry) : null }
}

function nameOf(entry: ListedEntry): string {
  return entry.kind === 'object' ? entry.key : entry.prefix
}

export interface EntryRange {
  bucketId: string
  prefix: string
  delimiter: string
  /** Inclusive. */
  first: string
  limit: number
  /** What to list and to count; the rest is passed over. */
  kinds: 'all' | 'objects' | 'prefixes'
}

/** Columns of an entry, as `readEntry` takes them. */
export const ENTRY_COLUMNS = `entry, is_prefix, version_id, owner_id, size, is_sealed, etag, (date_part('epoch', last_modified) * 1000)::bigint, content_type, checksum, storage_class`

/** Entries of a range in byte order, in one statement. */
export async function listEntries(
  db: Queryable,
  { bucketId, prefix, delimiter, first, limit, kinds }: EntryRange,
): Promise<ListedEntry[]> {
  const rows = await db.queryText({
    name: 'list-entries',
    text: `select ${ENTRY_COLUMNS} from list_entries($1, $2, $3, $4, $5, $6)`,
    values: [bucketId, prefix, delimiter, first, limit, kinds],
  })
  return rows.map(readEntry)
}

export function readEntry(row: (string | null)[]): ListedEntry {
  const [entry, isPrefix, versionId, ownerId, size, isSealed, etag, lastModified, contentType, checksum, storageClass] =
    row
  if (isPrefix === 't') return { kind: 'prefix', prefix: entry as string }
  return {
    kind: 'object',
    key: entry as string,
    versionId: versionId as string,
    ownerId: ownerId as string,
    size: Number(size),
    sealed: isSealed === 't',
    etag: etag as string,
    lastModified: new Date(Number(lastModified)),
    contentType: contentType as string,
    checksum: checksum ? JSON.parse(checksum) : null,
    storageClass: storageClass ?? 'STANDARD',
  }
}

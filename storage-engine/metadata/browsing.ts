import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { lowerBoundAfter, upperBoundOf } from '#storage-engine/metadata/list-position.ts'
import {
  ENTRY_COLUMNS,
  type ListedEntry,
  type ListedObject,
  listEntries,
  readEntry,
} from '#storage-engine/metadata/listing.ts'

const DELIMITER = '/'
const ALL = 2 ** 31 - 1

export interface BrowseObjects {
  bucketId: string
  prefix: string
  /** Folder: what lies directly under the prefix. Bucket: every key that begins with it, without folders. */
  scope: 'folder' | 'bucket'
  /**
   * Substring of what follows the prefix; '' for all. Both sides go through Unicode's full case folding ("STRASSE" finds
   * "Straße"); accents count, and composed and decomposed letters differ.
   */
  search: string
  sort: 'name' | 'size' | 'modified'
  order: 'asc' | 'desc'
  /** Of the page before, with the same other parameters. */
  cursor?: string | undefined
  limit: number
}

export interface BrowsePage {
  /** Whole prefixes. They come before all objects, by name. */
  folders: string[]
  objects: ListedObject[]
  /** Opaque; null at the end. */
  nextCursor: string | null
}

/** Where a page ended: the entry, whether it is a folder, and the number it was sorted by. */
interface Position {
  isFolder: boolean
  value: number
  entry: string
}

/**
 * A page as people look at it. By name and without a search a page costs what it shows (the first one also the files of
 * the folder, to find its folders); any other order or a search reads all of the folder or bucket. Throws InvalidArgument.
 */
export async function browseObjects(db: Queryable, params: BrowseObjects): Promise<BrowsePage> {
  const after = params.cursor === undefined ? null : decodeCursor(params.cursor)
  if (params.prefix.includes('\0') || params.search.includes('\0'))
    return { folders: [], objects: [], nextCursor: null }
  const isPlain = params.scope === 'folder' && params.sort === 'name' && params.order === 'asc' && params.search === ''
  const entries = isPlain ? await browseFolder(db, params, after) : await browseSorted(db, params, after)
  return pageOf(entries, params)
}

/** One entry more than the page holds. */
async function browseFolder(
  db: Queryable,
  { bucketId, prefix, limit }: BrowseObjects,
  after: Position | null,
): Promise<ListedEntry[]> {
  const first = after === null ? '' : lowerBoundAfter(after.entry, { prefix, delimiter: DELIMITER })
  const range = { bucketId, prefix, delimiter: DELIMITER }
  const isPastFolders = after !== null && !after.isFolder
  const folders = isPastFolders ? [] : await listEntries(db, { ...range, first, limit: limit + 1, kinds: 'prefixes' })
  const left = limit + 1 - folders.length
  if (left === 0) return folders
  const objects = await listEntries(db, { ...range, first: isPastFolders ? first : '', limit: left, kinds: 'objects' })
  return [...folders, ...objects]
}

async function browseSorted(db: Queryable, params: BrowseObjects, after: Position | null): Promise<ListedEntry[]> {
  const { bucketId, prefix, scope, search, sort, order, limit } = params
  const place = after === null ? [0, 0, ''] : [after.isFolder ? 0 : 1, after.value, after.entry]
  const rows = await db.queryText({
    name: `browse-${scope}-${sort}-${order}-${search === '' ? 'all' : 'search'}-${after === null ? 'first' : 'next'}`,
    text: sortedText(params, after !== null),
    values: [bucketId, prefix, search, ...place, limit + 1, scope === 'folder' ? ALL : upperBoundOf(prefix)],
  })
  return rows.map(readEntry)
}

const SORT_VALUES = {
  name: '0',
  size: 'coalesce(size, 0)',
  modified: `coalesce(date_part('epoch', last_modified) * 1000, 0)`,
} as const

/** A folder has rank 0, an object 1; within a rank by value and name, both in the asked direction. */
function sortedText({ scope, search, sort, order }: BrowseObjects, isNext: boolean): string {
  const fold = (text: string): string => `casefold((${text}) collate "pg_unicode_fast")`
  const source =
    scope === 'folder'
      ? `list_entries($1, $2, '${DELIMITER}', '', $8::integer, 'all')`
      : `(select key as entry, false as is_prefix, version_id, owner_id, size, wrapped_data_key is not null and sealed_size = size as is_sealed, etag, last_modified,
          content_type, checksum, settings ->> 'storageClass' as storage_class from object_versions
        where bucket_id = $1 and key >= $2 collate "C" and key < $8::text collate "C" and noncurrent_order = 0 and not is_delete_marker)`
  const matches =
    search === ''
      ? '$3::text is not null'
      : `strpos(${fold('substr(entry, char_length($2) + 1)')}, ${fold('$3::text')}) > 0`
  const rank = 'case when is_prefix then 0 else 1 end'
  const value = `(${SORT_VALUES[sort]})::float8`
  const comparison = order === 'asc' ? '>' : '<'
  const behind = `(${rank} > $4::integer or (${rank} = $4::integer and (${value}, entry collate "C") ${comparison} ($5::float8, $6::text collate "C")))`
  const notUsed = '($4::integer, $5::float8, $6::text) is not null'
  return `
select ${ENTRY_COLUMNS} from ${source} listed where ${matches} and ${isNext ? behind : notUsed}
order by ${rank}, ${value} ${order}, entry collate "C" ${order} limit $7`
}

function pageOf(entries: ListedEntry[], { sort, limit }: BrowseObjects): BrowsePage {
  const shown = entries.slice(0, limit)
  const last = entries.length > limit ? shown.at(-1) : undefined
  return {
    folders: shown.flatMap((entry) => (entry.kind === 'prefix' ? [entry.prefix] : [])),
    objects: shown.filter((entry) => entry.kind === 'object'),
    nextCursor: last === undefined ? null : encodeCursor(positionOf(last, sort)),
  }
}

function positionOf(entry: ListedEntry, sort: BrowseObjects['sort']): Position {
  if (entry.kind === 'prefix') return { isFolder: true, value: 0, entry: entry.prefix }
  const value = sort === 'size' ? entry.size : sort === 'modified' ? entry.lastModified.getTime() : 0
  return { isFolder: false, value, entry: entry.key }
}

function encodeCursor({ isFolder, value, entry }: Position): string {
  return Buffer.from(JSON.stringify([isFolder, value, entry])).toString('base64url')
}

function decodeCursor(cursor: string): Position {
  const parsed = parseJson(Buffer.from(cursor, 'base64url').toString())
  const [isFolder, value, entry] = Array.isArray(parsed) ? parsed : []
  if (typeof isFolder !== 'boolean' || typeof value !== 'number' || typeof entry !== 'string' || entry.includes('\0')) {
    throw new StorageError('InvalidArgument', {
      extra: { ArgumentName: 'cursor', ArgumentValue: cursor.slice(0, 100) },
    })
  }
  return { isFolder, value, entry }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Whoever wrote the cursor is told by the caller.
    return null
  }
}

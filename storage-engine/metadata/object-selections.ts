import type { Queryable } from '#storage-engine/metadata/database.ts'
import { upperBoundOf } from '#storage-engine/metadata/list-position.ts'

export interface ObjectSelection {
  bucketId: string
  keys: string[]
  /** Each stands for every key that begins with it. */
  prefixes: string[]
}

/** How many objects, and bytes of them, are selected; one that is selected twice counts once. */
export async function measureSelection(
  db: Queryable,
  { bucketId, keys, prefixes }: ObjectSelection,
): Promise<{ objectCount: number; sizeBytes: number }> {
  const [row] = await db.query<{ object_count: number; size_bytes: number }>({
    name: 'measure-selection',
    text: `
      select count(*)::float8 as object_count, coalesce(sum(size), 0)::float8 as size_bytes
      from (
        select key, size from object_versions
        where bucket_id = $1 and key = any($2::text[]) and noncurrent_order = 0 and not is_delete_marker
        union
        select key, size
        from unnest($3::text[], $4::text[]) as range (low, high)
        join object_versions on bucket_id = $1 and key >= low collate "C" and key < high collate "C"
          and noncurrent_order = 0 and not is_delete_marker
      ) selected`,
    values: [bucketId, keys, prefixes, prefixes.map(upperBoundOf)],
  })
  return { objectCount: row?.object_count ?? 0, sizeBytes: row?.size_bytes ?? 0 }
}

/** Up to `limit` keys that begin with `prefix`, behind `after`, in byte order. */
export async function listKeysUnder(
  db: Queryable,
  input: { bucketId: string; prefix: string; after: string; limit: number },
): Promise<string[]> {
  const rows = await db.query<{ key: string }>({
    name: 'list-keys-under',
    text: `
      select key from object_versions
      where bucket_id = $1 and key >= $2::text collate "C" and key > $3::text collate "C" and key < $4::text collate "C"
        and noncurrent_order = 0 and not is_delete_marker
      order by key limit $5`,
    values: [input.bucketId, input.prefix, input.after, upperBoundOf(input.prefix), input.limit],
  })
  return rows.map(({ key }) => key)
}

/** Of these keys, the ones that hold an object now, in byte order. */
export async function findExistingObjects(
  db: Queryable,
  input: { bucketId: string; keys: string[] },
): Promise<{ key: string; size: number; lastModified: Date }[]> {
  const rows = await db.query<{ key: string; size: number; last_modified: Date }>({
    name: 'find-existing-objects',
    text: `
      select key, size::float8 as size, last_modified from object_versions
      where bucket_id = $1 and key = any($2::text[]) and noncurrent_order = 0 and not is_delete_marker
      order by key`,
    values: [input.bucketId, input.keys],
  })
  return rows.map(({ key, size, last_modified: lastModified }) => ({ key, size, lastModified }))
}

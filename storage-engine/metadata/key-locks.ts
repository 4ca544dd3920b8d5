import { textArray } from '#storage-engine/metadata/array-literal.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'

/** A key's current version as it is once its lock is held. */
export interface LockedKey {
  key: string
  /** As it is stored. */
  versionId: string
  isDeleteMarker: boolean
  etag: string
  size: number
  lastModified: Date
  isCurrent: true
}

/**
 * Locks keys by their current rows until the transaction ends, in order, as commits lock them: no deadlock. Whoever changes
 * any version of a key holds this lock, and every key that has a version has a current row. What later statements of
 * the transaction see of these keys is therefore true until its end. A key that is not in the answer had no version.
 */
export async function lockKeys(
  tx: Queryable,
  { bucketId, keys }: { bucketId: string; keys: readonly string[] },
): Promise<Map<string, LockedKey>> {
  const rows = await tx.query<LockedKey>({
    name: 'lock-keys',
    text: `
select key, version_id as "versionId", is_delete_marker as "isDeleteMarker", etag, size::float8 as size, last_modified as "lastModified", true as "isCurrent"
from object_versions
where bucket_id = $1 and key = any($2::text[]) and noncurrent_order = 0 order by key collate "C" for update`,
    values: [bucketId, textArray(keys)],
  })
  return new Map(rows.map((row) => [row.key, row]))
}

import type { Queryable } from '#storage-engine/metadata/database.ts'
import { visibleVersionId } from '#storage-engine/metadata/found-objects.ts'
import { isUuid } from '#storage-engine/metadata/is-uuid.ts'

/** Of a listing: the id is the version's own, or as S3 shows it. */
export interface NamedVersion {
  key: string
  versionId: string
}

/** Until when restored versions can be read, those of the past too: an ISO time by `restoredName`. */
export async function findRestored(
  db: Queryable,
  { bucketId, versions }: { bucketId: string; versions: readonly NamedVersion[] },
): Promise<Map<string, string>> {
  const rows = await db.query<{ key: string; versionId: string; isNull: boolean; until: string }>({
    name: 'find-restored',
    text: `
select key, version_id as "versionId", is_null as "isNull", settings ->> 'restoredUntil' as until
from object_versions
where bucket_id = $1 and key = any($2) and (version_id = any($3::uuid[]) or is_null) and settings ? 'restoredUntil'`,
    values: [
      bucketId,
      [...new Set(versions.map(({ key }) => key))],
      versions.map(({ versionId }) => versionId).filter(isUuid),
    ],
  })
  const found = new Map<string, string>()
  for (const { key, versionId, isNull, until } of rows) {
    found.set(restoredName({ key, versionId }), until)
    found.set(restoredName({ key, versionId: visibleVersionId({ versionId, isNull }) }), until)
  }
  return found
}

export function restoredName({ key, versionId }: NamedVersion): string {
  return `${versionId} ${key}`
}

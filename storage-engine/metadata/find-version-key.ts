import type { Queryable } from '#storage-engine/metadata/database.ts'
import type { ObjectBlob } from '#storage-engine/metadata/found-objects.ts'

export interface VersionKeyRow {
  wrappedDataKey: Buffer | null
  namespaceKeyVersion: number | null
  /** Of a single body. */
  blob: ObjectBlob | null
}

/**
 * What a version that was looked up before now consists of, wherever among its key's versions it is; null when it is gone.
 * For readers that a migration overtook.
 */
export async function findVersionKey(
  db: Queryable,
  { bucketId, key, versionId }: { bucketId: string; key: string; versionId: string },
): Promise<VersionKeyRow | null> {
  const [row] = await db.query<VersionKeyRow>({
    name: 'find-version-key',
    text: `
select v.wrapped_data_key as "wrappedDataKey", v.namespace_key_version as "namespaceKeyVersion",
  case when b.blob_id is not null then json_build_object('blobId', b.blob_id, 'locator', b.locator, 'size', b.size, 'storedSize', b.stored_size, 'cipher', b.cipher) end as blob
from object_versions v left join blobs b on b.blob_id = v.blob_id where v.bucket_id = $1 and v.key = $2 and v.version_id = $3`,
    values: [bucketId, key, versionId],
  })
  return row ?? null
}

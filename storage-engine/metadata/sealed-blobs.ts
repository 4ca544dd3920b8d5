import type { Queryable } from '#storage-engine/metadata/database.ts'
import type { ObjectSettings } from '#storage-engine/object-settings.ts'

/** A sealed blob with all that is needed to open it. */
export interface SealedBlob {
  namespaceId: string
  bucketId: string
  versionId: string
  partNumber: number
  wrappedDataKey: Buffer | null
  namespaceKeyVersion: number | null
  settings: ObjectSettings | null
  blob: { blobId: string; locator: string; size: number; storedSize: number; cipher: number }
}

/** Where a page ended: pass it on, unread. */
export interface SealedBlobPosition {
  bucketId: string
  key: string
  order: string
}

const BLOB = `json_build_object('blobId', f.blob_id, 'locator', f.locator, 'size', f.size, 'storedSize', f.stored_size, 'cipher', f.cipher) as blob`

/** Sealed single bodies of all versions, current or not. */
export async function listSealedBodies(
  db: Queryable,
  { after, limit }: { after: SealedBlobPosition | null; limit: number },
): Promise<(SealedBlob & { position: SealedBlobPosition })[]> {
  const { bucketId, key, order } = after ?? { bucketId: '00000000-0000-0000-0000-000000000000', key: '', order: '0' }
  return db.query({
    name: 'list-sealed-bodies',
    text: `
select b.namespace_id as "namespaceId", o.bucket_id as "bucketId", o.version_id as "versionId", 0 as "partNumber", o.wrapped_data_key as "wrappedDataKey",
  o.namespace_key_version as "namespaceKeyVersion", o.settings, ${BLOB},
  json_build_object('bucketId', o.bucket_id, 'key', o.key, 'order', o.noncurrent_order::text) as position
from object_versions o join blobs f on f.blob_id = o.blob_id and f.cipher > 0 join buckets b on b.id = o.bucket_id
where (o.bucket_id, o.key, o.noncurrent_order) > ($1::uuid, $2, $3::bigint) order by o.bucket_id, o.key, o.noncurrent_order limit $4`,
    values: [bucketId, key, order, limit],
  })
}

/** Sealed parts of completed objects and of open uploads. */
export async function listSealedParts(
  db: Queryable,
  { after, limit }: { after: Pick<SealedBlob, 'versionId' | 'partNumber'> | null; limit: number },
): Promise<SealedBlob[]> {
  return db.query({
    name: 'list-sealed-parts',
    text: `
select b.namespace_id as "namespaceId", u.bucket_id as "bucketId", u.id as "versionId", p.part_number as "partNumber", coalesce(o.wrapped_data_key, u.wrapped_data_key) as "wrappedDataKey",
  coalesce(o.namespace_key_version, u.namespace_key_version) as "namespaceKeyVersion", u.settings, ${BLOB}
from parts p join uploads u on u.id = p.upload_id
left join object_versions o on o.bucket_id = u.bucket_id and o.key = u.key and o.upload_id = u.id join blobs f on f.blob_id = p.blob_id and f.cipher > 0 join buckets b on b.id = u.bucket_id
where (p.upload_id, p.part_number) > ($1::uuid, $2) and u.state <> 'aborted' and not exists (select from garbage_uploads g where g.upload_id = u.id)
order by p.upload_id, p.part_number limit $3`,
    values: [after?.versionId ?? '00000000-0000-0000-0000-000000000000', after?.partNumber ?? 0, limit],
  })
}

/** Whether a blob is still referred to: it may have been let go while it was being read. */
export async function isLiveBlob(db: Queryable, { blobId }: { blobId: string }): Promise<boolean> {
  const [row] = await db.query<{ isLive: boolean }>({
    name: 'is-live-blob',
    text: `
select exists (select from blobs where blob_id = $1) and not exists (select from garbage_blobs where blob_id = $1) and not exists (
  select from parts p join garbage_uploads g on g.upload_id = p.upload_id where p.blob_id = $1) as "isLive"`,
    values: [blobId],
  })
  return row?.isLive === true
}

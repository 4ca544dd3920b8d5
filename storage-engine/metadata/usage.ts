import type { Queryable } from '#storage-engine/metadata/database.ts'

/** Every version counts, current or not; delete markers, which hold nothing, do not. */
export interface Usage {
  objectCount: number
  sizeBytes: number
  /** Objects of which every byte is sealed. */
  sealedCount: number
  sealedBytes: number
}

/** Exact at the moment of the call: the folded figure and what was written since. */
export async function readUsage(db: Queryable, { bucketId }: { bucketId: string }): Promise<Usage> {
  const [usage] = await db.query<Usage>({
    name: 'read-usage',
    text: `
select coalesce(sum(object_count), 0)::float8 as "objectCount", coalesce(sum(size_bytes), 0)::float8 as "sizeBytes",
  coalesce(sum(sealed_count), 0)::float8 as "sealedCount", coalesce(sum(sealed_bytes), 0)::float8 as "sealedBytes"
from (select object_count, size_bytes, sealed_count, sealed_bytes from bucket_usage where bucket_id = $1
  union all select object_count, size_bytes, sealed_count, sealed_bytes from usage_deltas where bucket_id = $1) both_kinds`,
    values: [bucketId],
  })
  return usage as Usage
}

/** Parts of uploads of a namespace that are not completed. Reads each of them. */
export async function readOpenUploadUsage(
  db: Queryable,
  { namespaceId }: { namespaceId: string },
): Promise<{ encryptedBytes: number; plainBytes: number }> {
  const [usage] = await db.query<{ encryptedBytes: number; plainBytes: number }>({
    name: 'read-open-upload-usage',
    text: `
select coalesce(sum(p.size) filter (where f.cipher > 0), 0)::float8 as "encryptedBytes", coalesce(sum(p.size) filter (where f.cipher = 0), 0)::float8 as "plainBytes"
from buckets b join uploads u on u.bucket_id = b.id and u.state = 'open' join parts p on p.upload_id = u.id join blobs f on f.blob_id = p.blob_id
where b.namespace_id = $1`,
    values: [namespaceId],
  })
  return usage as { encryptedBytes: number; plainBytes: number }
}

/** Adds up to `limit` deltas to their buckets' rows; resolves to how many there were. One statement, so no reader sees half of it. */
export async function foldUsage(db: Queryable, { limit }: { limit: number }): Promise<number> {
  const [folded] = await db.query<{ count: number }>({
    name: 'fold-usage',
    // SKIP LOCKED: two folders at once take different deltas. The buckets in order, so that they do not deadlock.
    text: `
with taken as (
  delete from usage_deltas where id in (select id from usage_deltas order by id limit $1 for update skip locked)
  returning bucket_id, object_count, size_bytes, sealed_count, sealed_bytes
), folded as (
  insert into bucket_usage as u (bucket_id, object_count, size_bytes, sealed_count, sealed_bytes)
  select bucket_id, sum(object_count), sum(size_bytes), sum(sealed_count), sum(sealed_bytes) from taken
  where bucket_id in (select id from buckets) group by bucket_id order by bucket_id
  on conflict (bucket_id) do update set object_count = u.object_count + excluded.object_count, size_bytes = u.size_bytes + excluded.size_bytes,
    sealed_count = u.sealed_count + excluded.sealed_count, sealed_bytes = u.sealed_bytes + excluded.sealed_bytes
)
select count(*)::integer as count from taken`,
    values: [limit],
  })
  return folded?.count ?? 0
}

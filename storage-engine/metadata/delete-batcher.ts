import { plainArray, textArray } from '#storage-engine/metadata/array-literal.ts'
import { Batcher } from '#storage-engine/metadata/batcher.ts'
import type { HotConnection, Statement, TextRow } from '#storage-engine/metadata/hot-connection.ts'

const ROWS_MAX = 1_000
const WAITING_MAX = 20_000

export interface DeleteRow {
  bucketId: string
  key: string
}

/**
 * `versioned`: the bucket has versioning, and nothing was done.
 * `contested`: the key was written between our snapshot and our lock, perhaps in a bucket that has got versioning
 * meanwhile. Nothing was done; under the key's lock (`lockKeys`) it works.
 */
export type DeleteVerdict = 'removed' | 'missing' | 'versioned' | 'contested'

/**
 * For buckets that were never versioned, where a delete removes the row. The rows are locked in order of bucket and key
 * before any is deleted, as the commits lock them: no deadlock. A row that is as our snapshot shows it belongs to a bucket
 * that is as our snapshot shows it, too: so there are no other versions that would be left without a current one.
 * One that appears later stays. Rows that are locked and seen stay in their places, so they are deleted by these.
 */
const DELETE_TEXT = `
with own_buckets as materialized (
  select b.id, b.versioning from (select distinct * from unnest($1::uuid[])) i (id)
  cross join lateral (select id, versioning from buckets where id = i.id limit 1) b
), input as materialized (
  select i.*, b.versioning from unnest($1::uuid[], $2::text[]) with ordinality as i (bucket_id, key, n) left join own_buckets b on b.id = i.bucket_id
  order by i.bucket_id, i.key collate "C"
), locked as materialized (
  select i.n, v.place, v.version_id = s.version_id as is_seen from input i cross join lateral (
    select o.version_id from object_versions o
    where i.versioning = 'unversioned' and o.bucket_id = i.bucket_id and o.key = i.key and o.noncurrent_order = 0 limit 1) s cross join lateral (
    select o.ctid as place, o.version_id from object_versions o
    where o.bucket_id = i.bucket_id and o.key = i.key and o.noncurrent_order = 0 for update limit 1) v
), removed as (
  delete from object_versions o using locked l
  where l.is_seen and o.ctid = l.place
  returning l.n, old.bucket_id, old.blob_id, old.upload_id, old.size, old.sealed_size,
    (old.wrapped_data_key is not null and old.sealed_size = old.size)::integer as sealed_count
), freed_blobs as (
  insert into garbage_blobs (blob_id) select blob_id from removed where blob_id is not null
), freed_uploads as (
  insert into garbage_uploads (upload_id) select upload_id from removed where upload_id is not null
), counted as (
  insert into usage_deltas (bucket_id, object_count, size_bytes, sealed_count, sealed_bytes)
  select bucket_id, -count(*), -sum(size), -sum(sealed_count), -sum(sealed_size) from removed group by bucket_id
)
select i.n, case when r.n is not null then 'removed' when i.versioning <> 'unversioned' then 'versioned'
  when l.n is not null then 'contested' else 'missing' end
from input i left join locked l on l.n = i.n left join removed r on r.n = i.n`

export function createDeleteBatcher(hot: HotConnection[]): Batcher<DeleteRow, DeleteVerdict> {
  return new Batcher({
    lanes: hot.map((connection) => async (rows: DeleteRow[]) => {
      const result = await connection.query(deleteStatement(rows), { isRepeatable: false })
      return readVerdicts(result)
    }),
    rowsMax: ROWS_MAX,
    waitingMax: WAITING_MAX,
    keyOf: (row) => row.bucketId + row.key,
  })
}

export function deleteStatement(rows: DeleteRow[]): Statement {
  return {
    name: 'delete-objects',
    text: DELETE_TEXT,
    values: [plainArray(rows.map((row) => row.bucketId)), textArray(rows.map((row) => row.key))],
  }
}

/** Verdicts in the order of the statement's rows. */
export function readVerdicts(result: TextRow[]): DeleteVerdict[] {
  const verdicts = new Array<DeleteVerdict>(result.length)
  for (const [ordinal, verdict] of result) verdicts[Number(ordinal) - 1] = verdict as DeleteVerdict
  return verdicts
}

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
 * The rows are locked in order of bucket and key before any is deleted, as the commits lock them: no deadlock.
 * A row that is written between our snapshot and our lock is deleted in its newest state; one that appears later stays.
 */
const DELETE_TEXT = `
with input as materialized (
  select * from unnest($1::uuid[], $2::text[]) with ordinality as i (bucket_id, key, n) order by bucket_id, key collate "C"
), locked as materialized (
  select i.n, v.bucket_id, v.key from input i cross join lateral (
    select o.bucket_id, o.key from object_versions o
    where o.bucket_id = i.bucket_id and o.key = i.key and o.noncurrent_order = 0 for update limit 1) v
), removed as (
  delete from object_versions o using locked l
  where o.bucket_id = l.bucket_id and o.key = l.key and o.noncurrent_order = 0
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
select n from removed`

/** Answers whether the key had an object. */
export function createDeleteBatcher(hot: HotConnection[]): Batcher<DeleteRow, boolean> {
  return new Batcher({
    lanes: hot.map((connection) => async (rows: DeleteRow[]) => {
      const result = await connection.query(deleteStatement(rows), { isRepeatable: false })
      return readRemoved(result, rows.length)
    }),
    rowsMax: ROWS_MAX,
    waitingMax: WAITING_MAX,
    keyOf: (row) => row.bucketId + row.key,
  })
}

function deleteStatement(rows: DeleteRow[]): Statement {
  return {
    name: 'delete-objects',
    text: DELETE_TEXT,
    values: [plainArray(rows.map((row) => row.bucketId)), textArray(rows.map((row) => row.key))],
  }
}

function readRemoved(result: TextRow[], rowCount: number): boolean[] {
  const removed = new Array<boolean>(rowCount).fill(false)
  for (const [ordinal] of result) removed[Number(ordinal) - 1] = true
  return removed
}

import { plainArray, textArray } from '#storage-engine/metadata/array-literal.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'

export interface GarbageBlob {
  blobId: string
  locator: string
  storedSize: number
}

/** Blobs that were let go before `freedBefore`, oldest first. The same page again until `forgetGarbage`. */
export function pageDueGarbage(
  db: Queryable,
  { freedBefore, limit }: { freedBefore: Date; limit: number },
): Promise<GarbageBlob[]> {
  return db.query({
    name: 'page-due-garbage',
    text: `
select g.blob_id as "blobId", b.locator, b.stored_size::float8 as "storedSize" from garbage_blobs g join blobs b on b.blob_id = g.blob_id
where g.freed_at < $1 order by g.freed_at, g.blob_id limit $2`,
    values: [freedBefore, limit],
  })
}

/** Forgets blobs whose bytes are gone. Idempotent. Only garbage is ever forgotten, whatever ids are given. */
export async function forgetGarbage(db: Queryable, { blobIds }: { blobIds: string[] }): Promise<void> {
  await db.query({
    name: 'forget-garbage',
    text: `
with forgotten as (delete from garbage_blobs where blob_id = any($1::uuid[]) returning blob_id)
delete from blobs where blob_id in (select blob_id from forgotten)`,
    values: [plainArray(blobIds)],
  })
}

/**
 * Turns uploads that were let go before `freedBefore` into garbage blobs, due as they are; resolves to how many uploads
 * there were. Readers of a replaced multipart object page its parts, so they too stay until the grace is over.
 */
export async function expandGarbageUploads(
  db: Queryable,
  { freedBefore, limit }: { freedBefore: Date; limit: number },
): Promise<number> {
  const [expanded] = await db.query<{ count: number }>({
    name: 'expand-garbage-uploads',
    // SKIP LOCKED: two collectors at once take different uploads.
    text: `
with due as (
  delete from garbage_uploads where upload_id in (
    select upload_id from garbage_uploads where freed_at < $1 order by freed_at limit $2 for update skip locked)
  returning upload_id, freed_at
), removed as (
  delete from parts p using due where p.upload_id = due.upload_id returning p.blob_id, due.freed_at
), freed as (
  insert into garbage_blobs (blob_id, freed_at) select blob_id, freed_at from removed
), ended as (
  delete from uploads u using due where u.id = due.upload_id
)
select count(*)::integer as count from due`,
    values: [freedBefore, limit],
  })
  return expanded?.count ?? 0
}

/** Of these ids, the ones that have a row, garbage included, each with its locator. */
export async function findKnownBlobs(db: Queryable, { blobIds }: { blobIds: string[] }): Promise<Map<string, string>> {
  const rows = await db.query<{ blobId: string; locator: string }>({
    name: 'find-known-blobs',
    text: 'select blob_id as "blobId", locator from blobs where blob_id = any($1::uuid[])',
    values: [plainArray(blobIds)],
  })
  return new Map(rows.map(({ blobId, locator }) => [blobId, locator]))
}

/** Whether any blob was ever committed and is not forgotten. */
export async function hasBlobs(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ found: boolean }>({
    name: 'has-blobs',
    text: 'select exists (select from blobs) as found',
    values: [],
  })
  return row?.found === true
}

/** Where a blob is now; null when it has no row. For a reader whose locator has become old. */
export async function findBlobLocator(db: Queryable, { blobId }: { blobId: string }): Promise<string | null> {
  const [row] = await db.query<{ locator: string }>({
    name: 'find-blob-locator',
    text: 'select locator from blobs where blob_id = $1',
    values: [blobId],
  })
  return row?.locator ?? null
}

/** Compare-and-swap of locators after the bytes were copied; resolves to the ids that now point at the copy. */
export async function relocateBlobs(
  db: Queryable,
  { moves }: { moves: { blobId: string; from: string; to: string }[] },
): Promise<Set<string>> {
  const rows = await db.query<{ blobId: string }>({
    name: 'relocate-blobs',
    text: `
update blobs b set locator = m.new_locator from unnest($1::uuid[], $2::text[], $3::text[]) as m (blob_id, old_locator, new_locator)
where b.blob_id = m.blob_id and b.locator = m.old_locator returning b.blob_id as "blobId"`,
    values: [
      plainArray(moves.map((move) => move.blobId)),
      textArray(moves.map((move) => move.from)),
      textArray(moves.map((move) => move.to)),
    ],
  })
  return new Set(rows.map((row) => row.blobId))
}

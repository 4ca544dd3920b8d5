import { plainArray, textArray } from '#storage-engine/metadata/array-literal.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'

export interface GarbageBlob {
  blobId: string
  locator: string
  storedSize: number
  /** Plain bytes of a namespace that is encrypted, or shredded: giving up their space is not enough. */
  mustErase: boolean
}

/** Blobs that were let go before `freedBefore`, oldest first. The same page again until `forgetGarbage`. */
export function pageDueGarbage(
  db: Queryable,
  { freedBefore, limit }: { freedBefore: Date; limit: number },
): Promise<GarbageBlob[]> {
  return db.query({
    name: 'page-due-garbage',
    text: `
select g.blob_id as "blobId", b.locator, b.stored_size::float8 as "storedSize", b.cipher = 0 and (n.encryption_mode = 'on' or coalesce(n.shred_state = 'done', false)) as "mustErase"
from garbage_blobs g join blobs b on b.blob_id = g.blob_id join namespaces n on n.id = b.namespace_id
where g.freed_at < $1 order by g.freed_at, g.blob_id limit $2`,
    values: [freedBefore, limit],
  })
}

export interface PagePlainGarbage {
  namespaceId: string
  freedBefore: Date
  /** Exclusive; null begins with the oldest. */
  after: { freedAt: Date; blobId: string } | null
  limit: number
}

/** Plain blobs of one namespace that were let go before `freedBefore`, oldest first. */
export function pagePlainGarbage(
  db: Queryable,
  { namespaceId, freedBefore, after, limit }: PagePlainGarbage,
): Promise<{ blobId: string; locator: string; freedAt: Date }[]> {
  return db.query({
    name: 'page-plain-garbage',
    text: `
select g.blob_id as "blobId", b.locator, g.freed_at as "freedAt" from garbage_blobs g join blobs b on b.blob_id = g.blob_id
where g.freed_at < $1 and ($2::timestamptz is null or (g.freed_at, g.blob_id) > ($2, $3::uuid)) and b.namespace_id = $4 and b.cipher = 0
order by g.freed_at, g.blob_id limit $5`,
    values: [freedBefore, after?.freedAt ?? null, after?.blobId ?? null, namespaceId, limit],
  })
}

/** Plain blobs of one namespace behind blob `after` in the order of ids. */
export interface PlainBlobs {
  /** The last one that was looked at; null when there were none behind `after`. */
  lastId: string | null
  /** Garbage that is not collected yet. */
  garbageCount: number
  /** What versions and uploads refer to, those that are garbage themselves included. */
  referredCount: number
}

/**
 * Looks at the next `limit` blobs of the installation. No row ever changes its cipher, and none is added to a namespace that
 * is encrypted: pages that find nothing, one after the other to the end, are proof that there is nothing.
 */
export async function countPlainBlobs(
  db: Queryable,
  { namespaceId, after, limit }: { namespaceId: string; after: string; limit: number },
): Promise<PlainBlobs> {
  const [row] = await db.query<PlainBlobs>({
    name: 'count-plain-blobs',
    text: `
with page as materialized (
  select blob_id, namespace_id, cipher from blobs where blob_id > $2 order by blob_id limit $3
), plain as materialized (
  select exists (select from garbage_blobs g where g.blob_id = p.blob_id) as is_garbage from page p where p.namespace_id = $1 and p.cipher = 0
)
select (select blob_id from page order by blob_id desc limit 1) as "lastId",
  (count(*) filter (where is_garbage))::float8 as "garbageCount", (count(*) filter (where not is_garbage))::float8 as "referredCount" from plain`,
    values: [namespaceId, after, limit],
  })
  return row as PlainBlobs
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

export interface ExpandGarbageUploads {
  freedBefore: Date
  limit: number
  /** Only uploads with plain parts, of this namespace. */
  plainOf?: string | null
}

/**
 * Turns uploads that were let go before `freedBefore` into garbage blobs, due as they are; resolves to how many uploads
 * there were. Readers of a replaced multipart object page its parts, so they too stay until the grace is over.
 */
export async function expandGarbageUploads(
  db: Queryable,
  { freedBefore, limit, plainOf = null }: ExpandGarbageUploads,
): Promise<number> {
  const [expanded] = await db.query<{ count: number }>({
    name: 'expand-garbage-uploads',
    // SKIP LOCKED: two collectors at once take different uploads.
    text: `
with due as (
  delete from garbage_uploads where upload_id in (
    select upload_id from garbage_uploads g where freed_at < $1 and ($3::uuid is null or exists (
      select from parts p join blobs b on b.blob_id = p.blob_id where p.upload_id = g.upload_id and b.namespace_id = $3 and b.cipher = 0))
    order by freed_at limit $2 for update skip locked)
  returning upload_id, freed_at
), removed as (
  delete from parts p using due where p.upload_id = due.upload_id returning p.blob_id, due.freed_at
), freed as (
  insert into garbage_blobs (blob_id, freed_at) select blob_id, freed_at from removed
), ended as (
  delete from uploads u using due where u.id = due.upload_id
)
select count(*)::integer as count from due`,
    values: [freedBefore, limit, plainOf],
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

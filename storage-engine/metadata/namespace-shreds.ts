import { and, asc, eq, inArray, lte, ne } from 'drizzle-orm'
import { namespaceShreds } from '#drizzle/schema/keys.ts'
import { namespaceKeys } from '#drizzle/schema/namespaces.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { findLockedVersion, noticeOfLock } from '#storage-engine/metadata/locked-versions.ts'
import { isDuplicate } from '#storage-engine/metadata/postgres-errors.ts'
import { pauseWriters } from '#storage-engine/metadata/write-target.ts'
import { storeNotice } from '#storage-engine/notice.ts'

/** A destruction of all keys of a namespace, asked for or done. */
export type NamespaceShred = typeof namespaceShreds.$inferSelect

/** The one that is scheduled, under way or done; null when there is none, or it was taken back. */
export async function findShred(
  db: Queryable,
  { namespaceId }: { namespaceId: string },
): Promise<NamespaceShred | null> {
  const isIt = and(eq(namespaceShreds.namespaceId, namespaceId), ne(namespaceShreds.state, 'cancelled'))
  const [shred] = await db.run((orm) => orm.select().from(namespaceShreds).where(isIt))
  return shred ?? null
}

/** From its commit on the namespace takes no new data. Throws KeyIsInUse when there is one already. */
export async function insertShred(
  db: Queryable,
  shred: Pick<NamespaceShred, 'id' | 'namespaceId' | 'scheduledBy' | 'dueAt'>,
): Promise<void> {
  try {
    await db.transaction(async (tx) => {
      await setShredState(tx, { namespaceId: shred.namespaceId, state: 'scheduled' })
      await tx.run((orm) => orm.insert(namespaceShreds).values({ ...shred, state: 'scheduled' }))
    })
  } catch (error) {
    if (!isDuplicate(error, 'namespace_shreds_one')) throw error
    throw new StorageError('KeysAreChanging', { notice: { code: 'shred-scheduled', values: {} } })
  }
}

/** False when there is none that is only scheduled. */
export async function cancelShred(db: Queryable, { namespaceId }: { namespaceId: string }): Promise<boolean> {
  return db.transaction(async (tx) => {
    const isScheduled = and(eq(namespaceShreds.namespaceId, namespaceId), eq(namespaceShreds.state, 'scheduled'))
    // The row lock settles a race with whoever begins to destroy.
    const cancelled = await tx.run((orm) =>
      orm.update(namespaceShreds).set({ state: 'cancelled' }).where(isScheduled).returning({ id: namespaceShreds.id }),
    )
    if (cancelled.length > 0) await setShredState(tx, { namespaceId, state: null })
    return cancelled.length > 0
  })
}

async function setShredState(
  tx: Queryable,
  { namespaceId, state }: { namespaceId: string; state: 'scheduled' | 'done' | null },
): Promise<void> {
  await pauseWriters(tx)
  await tx.query({
    name: 'set-shred-state',
    text: 'update namespaces set shred_state = $2, key_epoch = key_epoch + 1 where id = $1',
    values: [namespaceId, state],
  })
}

/** What is to be done now: due, or begun by a process that died. */
export function listDueShreds(db: Queryable, { now }: { now: Date }): Promise<NamespaceShred[]> {
  const isDue = and(inArray(namespaceShreds.state, ['scheduled', 'destroying']), lte(namespaceShreds.dueAt, now))
  return db.run((orm) => orm.select().from(namespaceShreds).where(isDue).orderBy(asc(namespaceShreds.dueAt)))
}

/**
 * The point of no return: every key of the namespace is gone from the database when this resolves with `true`. False when it
 * was taken back, or something is locked in the namespace: nothing happened then, unless `message` says why.
 */
export async function beginDestruction(
  db: Queryable,
  { id, namespaceId, now }: { id: string; namespaceId: string; now: Date },
): Promise<boolean> {
  // Asked each minute while something is locked: nobody shall wait for that.
  if (await isHeldUp(db, { id, namespaceId, now })) return false
  return db.transaction(async (tx) => {
    // Nobody can lock a version between our look and our commit.
    await pauseWriters(tx)
    if (await isHeldUp(tx, { id, namespaceId, now })) return false
    const begun = await tx.run((orm) =>
      orm
        .update(namespaceShreds)
        .set({ state: 'destroying', message: null })
        .where(isStillScheduled(id))
        .returning({ id: namespaceShreds.id }),
    )
    if (begun.length === 0) return false
    await setShredState(tx, { namespaceId, state: 'done' })
    const isOwn = eq(namespaceKeys.namespaceId, namespaceId)
    const isAlive = and(isOwn, ne(namespaceKeys.state, 'retired'))
    await tx.run((orm) =>
      orm.update(namespaceKeys).set({ state: 'shredded', wrappedKey: null, retiredAt: now }).where(isAlive),
    )
    return true
  })
}

function isStillScheduled(id: string) {
  return and(eq(namespaceShreds.id, id), eq(namespaceShreds.state, 'scheduled'))
}

/** Whether something is locked in the namespace; `message` then says what. */
async function isHeldUp(
  db: Queryable,
  { id, namespaceId, now }: { id: string; namespaceId: string; now: Date },
): Promise<boolean> {
  const locked = await findLockedVersion(db, { namespaceId, namedKeyId: null, now })
  if (locked === null) return false
  const message = storeNotice(noticeOfLock(locked))
  await db.run((orm) => orm.update(namespaceShreds).set({ message }).where(isStillScheduled(id)))
  return true
}

export async function finishShred(
  db: Queryable,
  { id, destroyedAt, record }: { id: string; destroyedAt: Date; record: Record<string, unknown> },
): Promise<void> {
  await db.run((orm) =>
    orm.update(namespaceShreds).set({ state: 'done', destroyedAt, record }).where(eq(namespaceShreds.id, id)),
  )
}

/** Buckets of shredded namespaces in which something is left. */
export function listShreddedBuckets(db: Queryable, { limit }: { limit: number }): Promise<{ bucketId: string }[]> {
  return db.query({
    name: 'list-shredded-buckets',
    text: `
select b.id as "bucketId" from namespaces n join buckets b on b.namespace_id = n.id where n.shred_state = 'done' and (
  exists (select from object_versions o where o.bucket_id = b.id) or exists (select from uploads u where u.bucket_id = b.id and u.state = 'open')) limit $1`,
    values: [limit],
  })
}

/**
 * Lets go of up to `limit` versions of a bucket, whatever they are, and of its open uploads; their bytes are garbage without a
 * grace. Resolves to how many versions there were. Nobody else can read, write or delete in a shredded namespace.
 */
export async function emptyShreddedBucket(
  db: Queryable,
  { bucketId, limit }: { bucketId: string; limit: number },
): Promise<number> {
  const [emptied] = await db.query<{ count: number }>({
    name: 'empty-shredded-bucket',
    text: `
with doomed as (
  delete from object_versions where (bucket_id, key, noncurrent_order) in (
    select bucket_id, key, noncurrent_order from object_versions where bucket_id = $1 order by key, noncurrent_order limit $2 for update)
  returning blob_id, upload_id, is_delete_marker, size, sealed_size, wrapped_data_key
), aborted as (
  update uploads set state = 'aborted' where bucket_id = $1 and state = 'open' returning id
), freed_blobs as (
  insert into garbage_blobs (blob_id, freed_at) select blob_id, to_timestamp(0) from doomed where blob_id is not null
), freed_uploads as (
  insert into garbage_uploads (upload_id, freed_at)
  select upload_id, to_timestamp(0) from doomed where upload_id is not null union all select id, to_timestamp(0) from aborted
), counted as (
  insert into usage_deltas (bucket_id, object_count, size_bytes, sealed_count, sealed_bytes)
  select $1, -count(*) filter (where not is_delete_marker), -coalesce(sum(size), 0),
    -count(*) filter (where wrapped_data_key is not null and sealed_size = size), -coalesce(sum(sealed_size), 0) from doomed
)
select count(*)::integer as count from doomed`,
    values: [bucketId, limit],
  })
  return emptied?.count ?? 0
}

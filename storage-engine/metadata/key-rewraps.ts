import { and, asc, desc, eq } from 'drizzle-orm'
import { keyRewraps } from '#drizzle/schema/keys.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { isDuplicate } from '#storage-engine/metadata/postgres-errors.ts'
import { type Notice, storeNotice } from '#storage-engine/notice.ts'

/** A pass that wraps a namespace's data keys under its newest key. */
export type KeyRewrap = typeof keyRewraps.$inferSelect

/** Throws KeysAreChanging while one of the namespace is running. */
export async function insertKeyRewrap(
  db: Queryable,
  rewrap: Pick<KeyRewrap, 'id' | 'namespaceId' | 'startedBy' | 'totalCount'>,
): Promise<void> {
  try {
    await db.run((orm) => orm.insert(keyRewraps).values({ ...rewrap, state: 'running' }))
  } catch (error) {
    throw isDuplicate(error, 'key_rewraps_one_running') ? new StorageError('KeysAreChanging') : error
  }
}

/** Those under way, oldest first. */
export function listRunningRewraps(db: Queryable): Promise<KeyRewrap[]> {
  const isRunning = eq(keyRewraps.state, 'running')
  return db.run((orm) => orm.select().from(keyRewraps).where(isRunning).orderBy(asc(keyRewraps.createdAt)))
}

/** The newest of a namespace. */
export async function findLastRewrap(
  db: Queryable,
  { namespaceId }: { namespaceId: string },
): Promise<KeyRewrap | null> {
  const isOwn = eq(keyRewraps.namespaceId, namespaceId)
  const [rewrap] = await db.run((orm) =>
    orm.select().from(keyRewraps).where(isOwn).orderBy(desc(keyRewraps.createdAt)).limit(1),
  )
  return rewrap ?? null
}

export async function reportKeyRewrap(
  db: Queryable,
  { id, addedCount }: { id: string; addedCount: number },
): Promise<void> {
  await db.query({
    name: 'report-key-rewrap',
    text: 'update key_rewraps set done_count = done_count + $2, total_count = greatest(total_count, done_count + $2) where id = $1',
    values: [id, addedCount],
  })
}

export async function finishKeyRewrap(
  db: Queryable,
  { id, state, notice }: { id: string; state: 'done' | 'failed'; notice: Notice | null },
): Promise<void> {
  const isIt = and(eq(keyRewraps.id, id), eq(keyRewraps.state, 'running'))
  await db.run((orm) =>
    orm
      .update(keyRewraps)
      .set({ state, message: storeNotice(notice), endedAt: new Date() })
      .where(isIt),
  )
}

import { and, desc, eq, inArray, lt, sql } from 'drizzle-orm'
import { activities } from '#drizzle/schema/namespaces.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { type Notice, storeNotice } from '#storage-engine/notice.ts'

export type Activity = typeof activities.$inferSelect
export type NewActivity = Pick<Activity, 'id' | 'namespaceId' | 'kind' | 'startedBy' | 'totalCount' | 'input'>

/** Running from the start. */
export async function insertActivity(db: Queryable, activity: NewActivity): Promise<Activity> {
  const [inserted] = await db.run((orm) =>
    orm
      .insert(activities)
      .values({ ...activity, state: 'running' })
      .returning(),
  )
  return inserted as Activity
}

/** Null when it is of another namespace. */
export async function findActivity(
  db: Queryable,
  { namespaceId, id }: { namespaceId: string; id: string },
): Promise<Activity | null> {
  const isIt = and(eq(activities.id, id), eq(activities.namespaceId, namespaceId))
  const [activity] = await db.run((orm) => orm.select().from(activities).where(isIt))
  return activity ?? null
}

/** Newest first; `before` is the id of the last one seen (ids are ordered by time). */
export function listActivities(
  db: Queryable,
  { namespaceId, before, limit }: { namespaceId: string; before: string | null; limit: number },
): Promise<Activity[]> {
  const isWanted = and(eq(activities.namespaceId, namespaceId), before === null ? undefined : lt(activities.id, before))
  return db.run((orm) => orm.select().from(activities).where(isWanted).orderBy(desc(activities.id)).limit(limit))
}

/** Adds to what is done, and shows that someone is at work. An activity that has ended stays as it ended. */
export async function reportActivity(
  db: Queryable,
  { id, doneCount }: { id: string; doneCount: number },
): Promise<void> {
  const change = { doneCount: sql`${activities.doneCount} + ${doneCount}`, updatedAt: sql`now()` }
  await db.run((orm) => orm.update(activities).set(change).where(isRunning(id)))
}

export interface FinishActivity {
  id: string
  state: 'done' | 'failed' | 'cancelled'
  /** Null when there is nothing to say. */
  notice: Notice | null
}

/** An activity that has ended stays as it ended. */
export async function finishActivity(db: Queryable, { id, state, notice }: FinishActivity): Promise<void> {
  const change = { state, message: storeNotice(notice), updatedAt: sql`now()` }
  await db.run((orm) => orm.update(activities).set(change).where(isRunning(id)))
}

function isRunning(id: string) {
  return and(eq(activities.id, id), eq(activities.state, 'running'))
}

/** Takes over running activities that nobody reported on since `silentSince`; at most 100. Of two claimants each activity goes to one. */
export async function claimStaleActivities(db: Queryable, { silentSince }: { silentSince: Date }): Promise<Activity[]> {
  const isStale = and(eq(activities.state, 'running'), lt(activities.updatedAt, silentSince))
  return db.run((orm) => {
    // SKIP LOCKED: what another claimant is taking at this moment is left to it.
    const stale = orm
      .select({ id: activities.id })
      .from(activities)
      .where(isStale)
      .limit(100)
      .for('update', { skipLocked: true })
    return orm.update(activities).set({ updatedAt: sql`now()` }).where(inArray(activities.id, stale)).returning()
  })
}

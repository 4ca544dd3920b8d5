import { and, desc, eq, inArray, lt, sql } from 'drizzle-orm'
import { activities } from '#drizzle/schema/namespaces.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'

export type Activity = typeof activities.$inferSelect
export type NewActivity = Pick<Activity, 'id' | 'namespaceId' | 'kind' | 'state' | 'startedBy' | 'totalCount'>

export async function insertActivity(db: Queryable, activity: NewActivity): Promise<Activity> {
  const [inserted] = await db.run((orm) => orm.insert(activities).values(activity).returning())
  return inserted as Activity
}

/** Null when it is of another namespace. */
export async function findActivity(db: Queryable, { namespaceId, id }: { namespaceId: string; id: string }): Promise<Activity | null> {
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

export interface ActivityProgress {
  id: string
  state: Activity['state']
  doneCount: number
  message?: string
}

/** An activity that has ended stays as it ended; resolves to whether it was still open. */
export async function updateActivity(db: Queryable, { id, ...progress }: ActivityProgress): Promise<boolean> {
  const isOpen = and(eq(activities.id, id), inArray(activities.state, ['queued', 'running']))
  const change = { ...progress, updatedAt: sql`now()` }
  const changed = await db.run((orm) => orm.update(activities).set(change).where(isOpen).returning({ id: activities.id }))
  return changed.length === 1
}

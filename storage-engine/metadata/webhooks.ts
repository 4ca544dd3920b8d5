import { and, asc, eq } from 'drizzle-orm'
import { webhooks } from '#drizzle/schema/events.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'

export type Webhook = typeof webhooks.$inferSelect

/** Resolves to false when the namespace has one of that name. */
export async function insertWebhook(db: Queryable, webhook: Omit<Webhook, 'createdAt'>): Promise<boolean> {
  // The unique name decides between two creators.
  const rows = await db.run((orm) =>
    orm.insert(webhooks).values(webhook).onConflictDoNothing().returning({ id: webhooks.id }),
  )
  return rows.length === 1
}

/** By name. A namespace has few. */
export function listWebhooks(db: Queryable, { namespaceId }: { namespaceId: string }): Promise<Webhook[]> {
  const isOurs = eq(webhooks.namespaceId, namespaceId)
  return db.run((orm) => orm.select().from(webhooks).where(isOurs).orderBy(asc(webhooks.name)))
}

/** Resolves to false when there was none. */
export async function deleteWebhook(
  db: Queryable,
  { namespaceId, name }: { namespaceId: string; name: string },
): Promise<boolean> {
  const isIt = and(eq(webhooks.namespaceId, namespaceId), eq(webhooks.name, name))
  const rows = await db.run((orm) => orm.delete(webhooks).where(isIt).returning({ id: webhooks.id }))
  return rows.length === 1
}

export async function findWebhook(
  db: Queryable,
  { namespaceId, name }: { namespaceId: string; name: string },
): Promise<Webhook | null> {
  const isIt = and(eq(webhooks.namespaceId, namespaceId), eq(webhooks.name, name))
  const [found] = await db.run((orm) => orm.select().from(webhooks).where(isIt))
  return found ?? null
}

import { and, desc, eq, isNull } from 'drizzle-orm'
import { rootKeys } from '#drizzle/schema/keys.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'

/** What is known of a root key that is or was in use; the key itself is with the root provider. */
export type RootKeyRow = typeof rootKeys.$inferSelect

export interface RootKeyId {
  /** UUID. */
  id: string
  version: number
}

/** One at a time in the whole installation may rotate or retire root keys, or note which one is active. */
export async function lockRootKeys(tx: Queryable): Promise<void> {
  await tx.query({ name: 'lock-root-keys', text: 'lock table root_keys in share row exclusive mode', values: [] })
}

/** Newest first. */
export function listRootKeys(db: Queryable): Promise<RootKeyRow[]> {
  return db.run((orm) => orm.select().from(rootKeys).orderBy(desc(rootKeys.activeSince)))
}

/** The one that was active when somebody looked last; null before anybody did. */
export async function findActiveRootKey(db: Queryable): Promise<RootKeyRow | null> {
  const [active] = await db.run((orm) => orm.select().from(rootKeys).where(isNull(rootKeys.replacedAt)))
  return active ?? null
}

/** Notes which key is active; resolves to whether that is news. The caller has called `lockRootKeys`. */
export async function noteActiveRootKey(tx: Queryable, { id, version }: RootKeyId): Promise<boolean> {
  const noted = await findActiveRootKey(tx)
  if (noted?.id === id && noted.version === version) return false
  const now = new Date()
  await tx.run((orm) => orm.update(rootKeys).set({ replacedAt: now }).where(isNull(rootKeys.replacedAt)))
  const fresh = { activeSince: now, replacedAt: null, rewrappedAt: null, retiredAt: null }
  await tx.run((orm) =>
    orm
      .insert(rootKeys)
      .values({ id, version, ...fresh })
      .onConflictDoUpdate({ target: [rootKeys.id, rootKeys.version], set: fresh }),
  )
  return true
}

export async function markRootKey(
  db: Queryable,
  { id, version, ...change }: (RootKeyId & { rewrappedAt: Date }) | (RootKeyId & { retiredAt: Date }),
): Promise<void> {
  const isIt = and(eq(rootKeys.id, id), eq(rootKeys.version, version))
  await db.run((orm) => orm.update(rootKeys).set(change).where(isIt))
}

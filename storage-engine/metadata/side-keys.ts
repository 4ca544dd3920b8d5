import { eq } from 'drizzle-orm'
import { sideKeys } from '#drizzle/schema/namespaces.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'

export type SideKey = Pick<typeof sideKeys.$inferSelect, 'purpose' | 'publicKey' | 'sealedSeed'>

export async function findSideKey(
  db: Queryable,
  { purpose }: { purpose: SideKey['purpose'] },
): Promise<SideKey | null> {
  const { publicKey, sealedSeed } = sideKeys
  const isIt = eq(sideKeys.purpose, purpose)
  const [key] = await db.run((orm) =>
    orm.select({ purpose: sideKeys.purpose, publicKey, sealedSeed }).from(sideKeys).where(isIt),
  )
  return key ?? null
}

/** Does nothing when another process was first: then read what it wrote. */
export async function insertSideKey(db: Queryable, key: SideKey): Promise<void> {
  await db.run((orm) => orm.insert(sideKeys).values(key).onConflictDoNothing())
}

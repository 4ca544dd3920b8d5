import { eq } from 'drizzle-orm'
import { installation } from '#drizzle/schema/namespaces.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'

export type Installation = Pick<typeof installation.$inferSelect, 'clusterId' | 'keyCanary'>

/** The table's only row. */
const ROW_ID = 1

/** Null on the very first start of an empty installation. */
export async function findInstallation(db: Queryable): Promise<Installation | null> {
  const { clusterId, keyCanary } = installation
  const [row] = await db.run((orm) =>
    orm.select({ clusterId, keyCanary }).from(installation).where(eq(installation.id, ROW_ID)),
  )
  return row ?? null
}

/** Resolves to false when another process was first: then read what it wrote. */
export async function insertInstallation(db: Queryable, { clusterId, keyCanary }: Installation): Promise<boolean> {
  const inserted = await db.run((orm) =>
    orm
      .insert(installation)
      .values({ id: ROW_ID, clusterId, keyCanary })
      .onConflictDoNothing()
      .returning({ id: installation.id }),
  )
  return inserted.length === 1
}

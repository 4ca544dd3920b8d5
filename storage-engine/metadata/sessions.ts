import { eq, getTableColumns, lt } from 'drizzle-orm'
import { sessions, users } from '#drizzle/schema/users.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import type { User } from '#storage-engine/metadata/users.ts'

export type Session = typeof sessions.$inferSelect
export type NewSession = Omit<typeof sessions.$inferInsert, 'lastSeenAt'> & { createdAt: Date }

/** Last seen when it was created. */
export async function insertSession(db: Queryable, session: NewSession): Promise<void> {
  await db.run((orm) => orm.insert(sessions).values({ ...session, lastSeenAt: session.createdAt }))
}

/** With its user, in whatever state both are: the caller judges age and idleness. */
export async function findSession(
  db: Queryable,
  { tokenHash }: { tokenHash: string },
): Promise<(Session & { user: User }) | null> {
  const [row] = await db.run((orm) =>
    orm
      .select({ ...getTableColumns(sessions), user: getTableColumns(users) })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.userId))
      .where(eq(sessions.tokenHash, tokenHash)),
  )
  return row ?? null
}

export async function touchSession(db: Queryable, { tokenHash, at }: { tokenHash: string; at: Date }): Promise<void> {
  await db.run((orm) => orm.update(sessions).set({ lastSeenAt: at }).where(eq(sessions.tokenHash, tokenHash)))
}

/** Idempotent. */
export async function deleteSession(db: Queryable, { tokenHash }: { tokenHash: string }): Promise<void> {
  await db.run((orm) => orm.delete(sessions).where(eq(sessions.tokenHash, tokenHash)))
}

export async function deleteSessionsOfUser(db: Queryable, { userId }: { userId: string }): Promise<void> {
  await db.run((orm) => orm.delete(sessions).where(eq(sessions.userId, userId)))
}

/** For the housekeeping job; resolves to how many there were. */
export async function deleteExpiredSessions(db: Queryable, { now }: { now: Date }): Promise<number> {
  const deleted = await db.run((orm) =>
    orm.delete(sessions).where(lt(sessions.expiresAt, now)).returning({ userId: sessions.userId }),
  )
  return deleted.length
}

import { asc, count, eq } from 'drizzle-orm'
import { namespaces } from '#drizzle/schema/namespaces.ts'
import { memberships, users } from '#drizzle/schema/users.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { isDuplicate } from '#storage-engine/metadata/postgres-errors.ts'

export type User = typeof users.$inferSelect
export type NewUser = Omit<typeof users.$inferInsert, 'createdAt' | 'disabledAt'>
export type Membership = typeof memberships.$inferSelect

/** `username` is lower case. Throws InvalidArgument when it is taken. */
export async function insertUser(db: Queryable, user: NewUser): Promise<void> {
  try {
    await db.run((orm) => orm.insert(users).values(user))
  } catch (error) {
    if (!isDuplicate(error, 'users_username_unique')) throw error
    throw new StorageError('InvalidArgument', {
      message: 'A user of this name exists already.',
      extra: { ArgumentName: 'username' },
    })
  }
}

export async function findUserByUsername(db: Queryable, { username }: { username: string }): Promise<User | null> {
  if (username.includes('\0')) return null
  const [user] = await db.run((orm) => orm.select().from(users).where(eq(users.username, username)))
  return user ?? null
}

export async function countUsers(db: Queryable): Promise<number> {
  const [row] = await db.run((orm) => orm.select({ count: count() }).from(users))
  return row?.count ?? 0
}

/** Also ends every session of the user: whoever knew the old password is out. */
export async function setPasswordHash(
  db: Queryable,
  { userId, passwordHash }: { userId: string; passwordHash: string },
): Promise<void> {
  await db.query({
    name: 'set-password-hash',
    text: 'with revoked as (delete from sessions where user_id = $1) update users set password_hash = $2 where id = $1',
    values: [userId, passwordHash],
  })
}

/** Another hash of the same password, so sessions stay; does nothing when the password was changed meanwhile. */
export async function renewPasswordHash(
  db: Queryable,
  { userId, before, after }: { userId: string; before: string; after: string },
): Promise<void> {
  await db.query({
    name: 'renew-password-hash',
    text: 'update users set password_hash = $3 where id = $1 and password_hash = $2',
    values: [userId, before, after],
  })
}

/** Makes someone a member of a namespace, or changes what a member may do. */
export async function putMembership(
  db: Queryable,
  { namespaceId, userId, role, permissions }: Omit<Membership, 'createdAt'>,
): Promise<void> {
  await db.run((orm) =>
    orm
      .insert(memberships)
      .values({ namespaceId, userId, role, permissions })
      .onConflictDoUpdate({ target: [memberships.namespaceId, memberships.userId], set: { role, permissions } }),
  )
}

export interface UserMembership {
  namespaceId: string
  name: string
  displayName: string
  role: Membership['role']
  permissions: string[]
}

/** By name of the namespace. */
export function listMembershipsOfUser(db: Queryable, { userId }: { userId: string }): Promise<UserMembership[]> {
  const { namespaceId, role, permissions } = memberships
  const { name, displayName } = namespaces
  return db.run((orm) =>
    orm
      .select({ namespaceId, name, displayName, role, permissions })
      .from(memberships)
      .innerJoin(namespaces, eq(namespaces.id, namespaceId))
      .where(eq(memberships.userId, userId))
      .orderBy(asc(name)),
  )
}

import { and, asc, eq, gt, inArray } from 'drizzle-orm'
import { accessKeys, objectUsers, storageAccounts } from '#drizzle/schema/accounts.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Database, Queryable } from '#storage-engine/metadata/database.ts'
import { changeIam } from '#storage-engine/metadata/iam-epochs.ts'
import type { FoundAccessKey, FoundIdentity, IdentityAddress } from '#storage-engine/metadata/identities.ts'
import { isDuplicate } from '#storage-engine/metadata/postgres-errors.ts'

export type { FoundAccessKey, FoundIdentity }
export type ObjectUser = typeof objectUsers.$inferSelect
export type StorageAccount = typeof storageAccounts.$inferSelect
export type AccessKey = typeof accessKeys.$inferSelect
export type NewAccessKey = Pick<
  AccessKey,
  'accessKeyId' | 'namespaceId' | 'objectUserId' | 'storageAccountId' | 'sealedSecret' | 'expiresAt'
>

/** The key with whoever holds it, in whatever state; one look-up, shared with whoever asks at the same time. */
export function findAccessKey(db: Database, { accessKeyId }: { accessKeyId: string }): Promise<FoundAccessKey | null> {
  return accessKeyId.includes('\0') ? Promise.resolve(null) : db.lookUps.accessKeys.submit(accessKeyId)
}

/** Whoever has this id, in one look-up with whoever asks at the same time. */
export function findIdentity(db: Database, address: IdentityAddress): Promise<FoundIdentity | null> {
  return db.lookUps.identities.submit(address)
}

/** Adds an active key. Throws InvalidArgument when its holder does not belong to the namespace. */
export async function insertAccessKey(db: Queryable, key: NewAccessKey): Promise<void> {
  const inserted = await db.query({
    name: 'insert-access-key',
    text: `
insert into access_keys (access_key_id, namespace_id, object_user_id, storage_account_id, sealed_secret, state, expires_at)
select $1, $2, $3, $4, $5, 'active', $6
where exists (select from object_users where id = $3 and namespace_id = $2) or exists (select from storage_accounts where id = $4 and namespace_id = $2)
returning access_key_id`,
    values: [key.accessKeyId, key.namespaceId, key.objectUserId, key.storageAccountId, key.sealedSecret, key.expiresAt],
  })
  if (inserted.length === 0) throw new StorageError('InvalidArgument', { extra: { ArgumentName: 'holder' } })
}

/** Without secrets, oldest first; the number of keys of a namespace is bounded by its accounts. */
export function listAccessKeys(
  db: Queryable,
  { namespaceId, after, limit }: { namespaceId: string; after: string; limit: number },
): Promise<Omit<AccessKey, 'sealedSecret'>[]> {
  const { sealedSecret: _, ...columns } = accessKeyColumns
  const isWanted = and(eq(accessKeys.namespaceId, namespaceId), gt(accessKeys.accessKeyId, after))
  return db.run((orm) =>
    orm.select(columns).from(accessKeys).where(isWanted).orderBy(asc(accessKeys.accessKeyId)).limit(limit),
  )
}

const accessKeyColumns = {
  accessKeyId: accessKeys.accessKeyId,
  namespaceId: accessKeys.namespaceId,
  objectUserId: accessKeys.objectUserId,
  storageAccountId: accessKeys.storageAccountId,
  sealedSecret: accessKeys.sealedSecret,
  state: accessKeys.state,
  createdAt: accessKeys.createdAt,
  expiresAt: accessKeys.expiresAt,
  lastUsedAt: accessKeys.lastUsedAt,
  lastUsedService: accessKeys.lastUsedService,
}

/** Throws InvalidAccessKeyId. */
export async function setAccessKeyState(
  db: Queryable,
  { namespaceId, accessKeyId, state }: { namespaceId: string; accessKeyId: string; state: AccessKey['state'] },
): Promise<void> {
  const isIt = and(eq(accessKeys.accessKeyId, accessKeyId), eq(accessKeys.namespaceId, namespaceId))
  await changeIam(db, { namespaceId }, async (tx) => {
    const changed = await tx.run((orm) =>
      orm.update(accessKeys).set({ state }).where(isIt).returning({ id: accessKeys.accessKeyId }),
    )
    if (changed.length === 0) throw new StorageError('InvalidAccessKeyId')
  })
}

/** Idempotent. */
export async function deleteAccessKey(
  db: Queryable,
  { namespaceId, accessKeyId }: { namespaceId: string; accessKeyId: string },
): Promise<void> {
  const isIt = and(eq(accessKeys.accessKeyId, accessKeyId), eq(accessKeys.namespaceId, namespaceId))
  await changeIam(db, { namespaceId }, async (tx) => {
    await tx.run((orm) => orm.delete(accessKeys).where(isIt))
  })
}

/** Throws InvalidArgument when the e-mail address is taken. */
export async function insertObjectUser(
  db: Queryable,
  user: Pick<ObjectUser, 'id' | 'namespaceId' | 'canonicalId' | 'displayName' | 'email'>,
): Promise<void> {
  try {
    await db.run((orm) => orm.insert(objectUsers).values(user))
  } catch (error) {
    if (!isDuplicate(error, 'object_users_email_unique')) throw error
    throw new StorageError('InvalidArgument', { extra: { ArgumentName: 'email' } })
  }
}

/** The namespace's own identity, whose key is the global access key. Throws NoSuchNamespace. */
export async function getRootObjectUser(db: Queryable, { namespaceId }: { namespaceId: string }): Promise<ObjectUser> {
  const isRoot = and(eq(objectUsers.namespaceId, namespaceId), eq(objectUsers.isRoot, true))
  const [user] = await db.run((orm) => orm.select().from(objectUsers).where(isRoot))
  if (!user) throw new StorageError('NoSuchNamespace')
  return user
}

/** Owners as listings show them. Owners of any namespace: an object may belong to another one than its bucket. At most 1,000 ids. */
export function findObjectUsers(db: Queryable, { ids }: { ids: string[] }): Promise<ObjectUser[]> {
  return ids.length === 0
    ? Promise.resolve([])
    : db.run((orm) => orm.select().from(objectUsers).where(inArray(objectUsers.id, ids)))
}

/** Throws InvalidArgument when the name is taken within the namespace. */
export async function insertStorageAccount(
  db: Queryable,
  account: Pick<StorageAccount, 'id' | 'namespaceId' | 'name'>,
): Promise<void> {
  try {
    await db.run((orm) => orm.insert(storageAccounts).values(account))
  } catch (error) {
    if (!isDuplicate(error, 'storage_accounts_name')) throw error
    throw new StorageError('InvalidArgument', {
      message: 'A storage account of this name exists already.',
      extra: { ArgumentName: 'name' },
    })
  }
}

export async function findStorageAccount(
  db: Queryable,
  { namespaceId, name }: { namespaceId: string; name: string },
): Promise<StorageAccount | null> {
  const isIt = and(eq(storageAccounts.namespaceId, namespaceId), eq(storageAccounts.name, name))
  const [account] = await db.run((orm) => orm.select().from(storageAccounts).where(isIt))
  return account ?? null
}

/** By name, behind `after`. */
export function listStorageAccounts(
  db: Queryable,
  { namespaceId, after, limit }: { namespaceId: string; after: string; limit: number },
): Promise<StorageAccount[]> {
  const isWanted = and(eq(storageAccounts.namespaceId, namespaceId), gt(storageAccounts.name, after))
  return db.run((orm) =>
    orm.select().from(storageAccounts).where(isWanted).orderBy(asc(storageAccounts.name)).limit(limit),
  )
}

/** Together with its keys. Idempotent. */
export async function deleteStorageAccount(
  db: Queryable,
  { namespaceId, id }: { namespaceId: string; id: string },
): Promise<void> {
  await changeIam(db, { namespaceId }, async (tx) => {
    const isHeld = and(eq(accessKeys.storageAccountId, id), eq(accessKeys.namespaceId, namespaceId))
    await tx.run((orm) => orm.delete(accessKeys).where(isHeld))
    await tx.run((orm) =>
      orm.delete(storageAccounts).where(and(eq(storageAccounts.id, id), eq(storageAccounts.namespaceId, namespaceId))),
    )
  })
}

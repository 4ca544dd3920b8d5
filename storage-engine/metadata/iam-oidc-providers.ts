import { and, asc, eq } from 'drizzle-orm'
import { iamOidcProviders } from '#drizzle/schema/iam.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { isDuplicate } from '#storage-engine/metadata/postgres-errors.ts'

export type OidcProvider = typeof iamOidcProviders.$inferSelect

/** Throws EntityAlreadyExists. */
export async function insertOidcProvider(db: Queryable, provider: Omit<OidcProvider, 'createdAt'>): Promise<void> {
  try {
    await db.run((orm) => orm.insert(iamOidcProviders).values(provider))
  } catch (error) {
    if (!isDuplicate(error, 'iam_oidc_providers_host')) throw error
    throw new StorageError('EntityAlreadyExists', { message: 'A provider of this URL exists already.' })
  }
}

/** `host` is the URL without its scheme. */
export async function findOidcProvider(
  db: Queryable,
  { namespaceId, host }: { namespaceId: string; host: string },
): Promise<OidcProvider | null> {
  const isIt = and(eq(iamOidcProviders.namespaceId, namespaceId), eq(iamOidcProviders.host, host))
  const [found] = await db.run((orm) => orm.select().from(iamOidcProviders).where(isIt))
  return found ?? null
}

/** A namespace has at most a hundred. */
export function listOidcProviders(db: Queryable, { namespaceId }: { namespaceId: string }): Promise<OidcProvider[]> {
  const isOwn = eq(iamOidcProviders.namespaceId, namespaceId)
  return db.run((orm) => orm.select().from(iamOidcProviders).where(isOwn).orderBy(asc(iamOidcProviders.host)))
}

export async function updateOidcProvider(
  db: Queryable,
  { id, ...changes }: Pick<OidcProvider, 'id' | 'clientIds' | 'thumbprints'>,
): Promise<void> {
  await db.run((orm) => orm.update(iamOidcProviders).set(changes).where(eq(iamOidcProviders.id, id)))
}

export async function deleteOidcProvider(db: Queryable, { id }: { id: string }): Promise<void> {
  await db.run((orm) => orm.delete(iamOidcProviders).where(eq(iamOidcProviders.id, id)))
}

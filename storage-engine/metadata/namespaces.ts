import { and, asc, eq, gt, ne, sql } from 'drizzle-orm'
import { objectUsers } from '#drizzle/schema/accounts.ts'
import { namespaceKeys, namespaces } from '#drizzle/schema/namespaces.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { supersedeMigrations } from '#storage-engine/metadata/encryption-migrations.ts'
import { isDuplicate } from '#storage-engine/metadata/postgres-errors.ts'
import { pauseWriters } from '#storage-engine/metadata/write-target.ts'

export type Namespace = typeof namespaces.$inferSelect
/** A version of a namespace's key, as the keyring wants it. */
export type NamespaceKey = Pick<typeof namespaceKeys.$inferSelect, 'version' | 'state' | 'wrappedKey' | 'tokenId'>

export interface NewNamespace {
  id: string
  /** A DNS label, unique within the service. */
  name: string
  displayName: string
  encryptionMode: 'off' | 'on'
  /** What stands in ARNs for the account: twelve random digits by default. */
  accountId?: string
  firstKey: { version: number; wrappedKey: Buffer; tokenId: string | null }
  rootObjectUser: { id: string; canonicalId: string; displayName: string; email?: string | null }
}

/** Of a namespace whose switch was never thrown. */
const FIRST_EPOCH = 1

const TAKEN = [
  { constraint: 'namespaces_account_id', name: 'accountId' },
  { constraint: 'object_users_email_unique', name: 'email' },
  { constraint: 'object_users_canonical_id_unique', name: 'rootCanonicalId' },
]

/** Makes a namespace with its first key and its root object user, all or nothing. Throws NamespaceAlreadyExists, InvalidArgument. */
export async function insertNamespace(
  db: Queryable,
  { firstKey, rootObjectUser, ...namespace }: NewNamespace,
): Promise<void> {
  try {
    await db.transaction(async (tx) => {
      await tx.run((orm) => orm.insert(namespaces).values(namespace))
      await tx.run((orm) =>
        orm.insert(namespaceKeys).values({ namespaceId: namespace.id, state: 'active', ...firstKey }),
      )
      await tx.run((orm) =>
        orm.insert(objectUsers).values({ namespaceId: namespace.id, isRoot: true, ...rootObjectUser }),
      )
    })
  } catch (error) {
    if (isDuplicate(error, 'namespaces_name_unique')) throw new StorageError('NamespaceAlreadyExists')
    const taken = TAKEN.find(({ constraint }) => isDuplicate(error, constraint))
    throw taken === undefined ? error : new StorageError('InvalidArgument', { extra: { ArgumentName: taken.name } })
  }
}

export async function findNamespaceByName(db: Queryable, { name }: { name: string }): Promise<Namespace | null> {
  const [namespace] = await db.run((orm) => orm.select().from(namespaces).where(eq(namespaces.name, name)))
  return namespace ?? null
}

/** `accountId` is not empty. */
export async function findNamespaceByAccountId(
  db: Queryable,
  { accountId }: { accountId: string },
): Promise<Namespace | null> {
  const isIt = and(eq(namespaces.accountId, accountId), ne(namespaces.accountId, ''))
  const [namespace] = await db.run((orm) => orm.select().from(namespaces).where(isIt))
  return namespace ?? null
}

/** Throws NoSuchNamespace. */
export async function getNamespace(db: Queryable, { id }: { id: string }): Promise<Namespace> {
  const [namespace] = await db.run((orm) => orm.select().from(namespaces).where(eq(namespaces.id, id)))
  if (!namespace) throw new StorageError('NoSuchNamespace')
  return namespace
}

/**
 * Switches encryption of new data. Once it resolves, no write that was prepared under the old mode can commit (ENC-1).
 * Setting the mode that is set already changes nothing; else a migration that is under way ends. Resolves to the mode that
 * was set before, too. Throws NoSuchNamespace.
 */
export async function setEncryptionMode(
  db: Queryable,
  { namespaceId, mode }: { namespaceId: string; mode: 'off' | 'on' },
): Promise<{ encryptionEpoch: number; before: 'off' | 'on' }> {
  return db.transaction(async (tx) => {
    await pauseWriters(tx)
    const [switched] = await tx.query<{ encryptionEpoch: number; before: 'off' | 'on' }>({
      name: 'set-encryption-mode',
      text: `
update namespaces set encryption_epoch = encryption_epoch + (encryption_mode <> $2)::integer, encryption_mode = $2
where id = $1 returning new.encryption_epoch as "encryptionEpoch", old.encryption_mode as before`,
      values: [namespaceId, mode],
    })
    if (!switched) throw new StorageError('NoSuchNamespace')
    await supersedeMigrations(tx, { namespaceId })
    return switched
  })
}

/** Whether signatures of version 2 count in a namespace; keys that are in use follow within 5 s. Throws NoSuchNamespace. */
export async function setSigV2Refusal(
  db: Queryable,
  { namespaceId, refusesSigV2 }: { namespaceId: string; refusesSigV2: boolean },
): Promise<void> {
  const isIt = eq(namespaces.id, namespaceId)
  const changed = await db.run((orm) =>
    orm.update(namespaces).set({ refusesSigV2 }).where(isIt).returning({ id: namespaces.id }),
  )
  if (changed.length === 0) throw new StorageError('NoSuchNamespace')
}

export interface NamespaceWithUsage {
  id: string
  name: string
  displayName: string
  encryptionMode: 'off' | 'on'
  encryptionEpoch: number
  refusesSigV2: boolean
  createdAt: Date
  bucketCount: number
  objectCount: number
  sizeBytes: number
  /** Of the current objects: which are sealed wholly, and how many of their bytes are. */
  coverage: { sealedCount: number; plainCount: number; encryptedBytes: number; plainBytes: number }
  /**
   * That no plain bytes are on the nodes, be they garbage: encryption was never off, or a migration to it has ended since,
   * which wipes them all.
   */
  isPlainGone: boolean
}

export interface ListNamespaces {
  /** Case-insensitive substring of name or display name; '' for all. */
  search: string
  /** Exclusive; '' begins at the start. */
  afterName: string
  limit: number
}

/** By name, with exact usage and coverage. */
export async function listNamespacesWithUsage(
  db: Queryable,
  { search, afterName, limit }: ListNamespaces,
): Promise<NamespaceWithUsage[]> {
  const isWanted = and(
    gt(namespaces.name, afterName),
    sql`strpos(lower(${namespaces.name} || ' ' || ${namespaces.displayName}), lower(${search})) > 0`,
  )
  const page = await db.run((orm) =>
    orm.select({ id: namespaces.id }).from(namespaces).where(isWanted).orderBy(asc(namespaces.name)).limit(limit),
  )
  return loadNamespacesWithUsage(
    db,
    page.map(({ id }) => id),
  )
}

/** Throws NoSuchNamespace. */
export async function getNamespaceWithUsage(db: Queryable, { id }: { id: string }): Promise<NamespaceWithUsage> {
  const [namespace] = await loadNamespacesWithUsage(db, [id])
  if (!namespace) throw new StorageError('NoSuchNamespace')
  return namespace
}

function loadNamespacesWithUsage(db: Queryable, ids: string[]): Promise<NamespaceWithUsage[]> {
  return db.query({
    name: 'load-namespaces-with-usage',
    text: `
select n.id, n.name, n.display_name as "displayName", n.encryption_mode as "encryptionMode", n.encryption_epoch as "encryptionEpoch", n.refuses_sigv2 as "refusesSigV2", n.created_at as "createdAt",
  c.bucket_count as "bucketCount", c.object_count as "objectCount", c.size_bytes as "sizeBytes",
  json_build_object('sealedCount', c.sealed_count, 'plainCount', c.object_count - c.sealed_count,
    'encryptedBytes', c.sealed_bytes, 'plainBytes', c.size_bytes - c.sealed_bytes) as coverage,
  n.encryption_mode = 'on' and (n.encryption_epoch = ${FIRST_EPOCH} or exists (select from encryption_migrations m
    where m.namespace_id = n.id and m.encryption_epoch = n.encryption_epoch and m.state = 'done')) as "isPlainGone"
from namespaces n cross join lateral (
  select count(*)::float8 as bucket_count, coalesce(sum(u.object_count), 0)::float8 as object_count, coalesce(sum(u.size_bytes), 0)::float8 as size_bytes,
    coalesce(sum(u.sealed_count), 0)::float8 as sealed_count, coalesce(sum(u.sealed_bytes), 0)::float8 as sealed_bytes
  from buckets b cross join lateral (
    select sum(object_count) as object_count, sum(size_bytes) as size_bytes, sum(sealed_count) as sealed_count, sum(sealed_bytes) as sealed_bytes
    from (select object_count, size_bytes, sealed_count, sealed_bytes from bucket_usage where bucket_id = b.id
      union all select object_count, size_bytes, sealed_count, sealed_bytes from usage_deltas where bucket_id = b.id) both_kinds) u
  where b.namespace_id = n.id) c
where n.id = any($1::uuid[]) order by n.name`,
    values: [ids],
  })
}

/** What the blobs of a namespace say: all of them, open uploads and replaced versions included, by cipher. Reads every blob's row. */
export async function countBlobsByCipher(
  db: Queryable,
  { namespaceId }: { namespaceId: string },
): Promise<{ cipher: number; count: number; sizeBytes: number }[]> {
  return db.query({
    name: 'count-blobs-by-cipher',
    text: `
select b.cipher, count(*)::float8 as count, sum(b.size)::float8 as "sizeBytes" from blobs b
where b.namespace_id = $1 and not exists (select from garbage_blobs g where g.blob_id = b.blob_id) group by b.cipher order by b.cipher`,
    values: [namespaceId],
  })
}

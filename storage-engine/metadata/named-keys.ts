import { and, asc, desc, eq, inArray, lte, ne } from 'drizzle-orm'
import { namedKeys, namedKeyVersions } from '#drizzle/schema/named-keys.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { findLockedVersion } from '#storage-engine/metadata/locked-versions.ts'
import { isDuplicate } from '#storage-engine/metadata/postgres-errors.ts'
import { pauseWriters } from '#storage-engine/metadata/write-target.ts'

export type NamedKey = typeof namedKeys.$inferSelect
export type NamedKeyState = NamedKey['state']

/** A named key with one version of its material, as wrapped by the namespace key. */
export interface NamedKeyVersion extends NamedKey {
  version: number
  wrappedKey: Buffer
}

/** One version of a named key's material. */
export interface NamedKeyMaterial {
  wrappedKey: Buffer
  /** Of the namespace key that wraps it. */
  namespaceKeyVersion: number
}

export interface NewNamedKey extends NamedKeyMaterial {
  id: string
  namespaceId: string
  name: string
}

/** Makes a key with version 1 of its material. Throws NamedKeyAlreadyExists, and ServiceUnavailable when the namespace key was retired meanwhile. */
export async function insertNamedKey(
  db: Queryable,
  { wrappedKey, namespaceKeyVersion, ...key }: NewNamedKey,
): Promise<void> {
  try {
    await db.transaction(async (tx) => {
      await holdNamespaceKey(tx, { namespaceId: key.namespaceId, namespaceKeyVersion })
      await tx.run((orm) => orm.insert(namedKeys).values({ ...key, state: 'enabled' }))
      await tx.run((orm) => orm.insert(namedKeyVersions).values({ namedKeyId: key.id, version: 1, wrappedKey }))
    })
  } catch (error) {
    throw isDuplicate(error, 'named_keys_name') ? new StorageError('NamedKeyAlreadyExists') : error
  }
}

/** By id or by name, whatever its state, without its material; null when there is none, or it was deleted. */
export async function findNamedKey(
  db: Queryable,
  { namespaceId, ...named }: { namespaceId: string } & ({ id: string } | { name: string }),
): Promise<NamedKey | null> {
  const isIt = 'id' in named ? eq(namedKeys.id, named.id) : eq(namedKeys.name, named.name)
  const isThere = and(eq(namedKeys.namespaceId, namespaceId), isIt, ne(namedKeys.state, 'deleted'))
  const [key] = await db.run((orm) => orm.select().from(namedKeys).where(isThere))
  return key ?? null
}

/** One version of a key's material, or the newest when `version` is null; null when there is none. */
export async function findNamedKeyVersion(
  db: Queryable,
  { namespaceId, id, version }: { namespaceId: string; id: string; version: number | null },
): Promise<NamedKeyVersion | null> {
  const [found] = await db.query<NamedKeyVersion>({
    name: 'find-named-key-version',
    text: `
select k.id, k.namespace_id as "namespaceId", k.name, k.state, k.created_at as "createdAt", k.delete_at as "deleteAt",
  v.version, v.wrapped_key as "wrappedKey"
from named_keys k join named_key_versions v on v.named_key_id = k.id
where k.namespace_id = $1 and k.id = $2 and v.version = coalesce($3, v.version) order by v.version desc limit 1`,
    values: [namespaceId, id, version],
  })
  return found ?? null
}

/** By name; deleted ones are left out. A namespace has few. */
export function listNamedKeys(db: Queryable, { namespaceId }: { namespaceId: string }): Promise<NamedKey[]> {
  const isListed = and(eq(namedKeys.namespaceId, namespaceId), ne(namedKeys.state, 'deleted'))
  return db.run((orm) => orm.select().from(namedKeys).where(isListed).orderBy(asc(namedKeys.name)))
}

/** Resolves to whether the key was in one of the states `from`; otherwise nothing changed. */
export async function setNamedKeyState(
  db: Queryable,
  input: { namespaceId: string; id: string; from: NamedKeyState[]; state: NamedKeyState; deleteAt: Date | null },
): Promise<boolean> {
  const { namespaceId, id, from, state, deleteAt } = input
  const isIt = and(eq(namedKeys.id, id), eq(namedKeys.namespaceId, namespaceId), inArray(namedKeys.state, from))
  const changed = await db.run((orm) =>
    orm.update(namedKeys).set({ state, deleteAt }).where(isIt).returning({ id: namedKeys.id }),
  )
  return changed.length > 0
}

/**
 * Throws NamedKeyAlreadyExists when another rotation made this version first, and ServiceUnavailable when the namespace key was
 * retired meanwhile.
 */
export async function insertNamedKeyVersion(
  db: Queryable,
  { id, version, ...key }: { id: string; namespaceId: string; version: number } & NamedKeyMaterial,
): Promise<void> {
  const { wrappedKey } = key
  try {
    await db.transaction(async (tx) => {
      await holdNamespaceKey(tx, key)
      await tx.run((orm) => orm.insert(namedKeyVersions).values({ namedKeyId: id, version, wrappedKey }))
    })
  } catch (error) {
    throw isDuplicate(error) ? new StorageError('NamedKeyAlreadyExists') : error
  }
}

/** Until the transaction's end the namespace key cannot be retired, nor the namespace be shredded. */
async function holdNamespaceKey(
  tx: Queryable,
  { namespaceId, namespaceKeyVersion }: { namespaceId: string; namespaceKeyVersion: number },
): Promise<void> {
  const held = await tx.query({
    name: 'hold-namespace-key',
    text: 'select id from namespaces where id = $1 and shred_state is null and $2 <> all(retired_key_versions) for share',
    values: [namespaceId, namespaceKeyVersion],
  })
  if (held.length === 0)
    throw new StorageError('ServiceUnavailable', { message: 'The keys of the namespace were changed.' })
}

/** The number of the newest version; 0 when the key has no material. */
export async function newestNamedKeyVersion(db: Queryable, { id }: { id: string }): Promise<number> {
  const isIts = eq(namedKeyVersions.namedKeyId, id)
  const [newest] = await db.run((orm) =>
    orm
      .select({ version: namedKeyVersions.version })
      .from(namedKeyVersions)
      .where(isIts)
      .orderBy(desc(namedKeyVersions.version))
      .limit(1),
  )
  return newest?.version ?? 0
}

/**
 * Destroys the material of every key whose window is over, unless an object that it seals is locked by then; resolves to the
 * keys. Nothing that they sealed opens again.
 */
export async function destroyDueNamedKeys(db: Queryable, { now }: { now: Date }): Promise<NamedKey[]> {
  const isDue = and(eq(namedKeys.state, 'pending-deletion'), lte(namedKeys.deleteAt, now))
  if ((await db.run((orm) => orm.select({ id: namedKeys.id }).from(namedKeys).where(isDue).limit(1))).length === 0)
    return []
  return db.transaction(async (tx) => {
    // Nobody can lock a version between our look and our commit, nor keep a key after all that we have found due.
    await pauseWriters(tx)
    const due = await tx.run((orm) => orm.select().from(namedKeys).where(isDue).for('update'))
    const destroyed: NamedKey[] = []
    for (const key of due) {
      const { id, namespaceId } = key
      if ((await findLockedVersion(tx, { namespaceId, namedKeyId: id, now })) !== null) continue
      await tx.run((orm) => orm.update(namedKeys).set({ state: 'deleted' }).where(eq(namedKeys.id, id)))
      await tx.run((orm) => orm.delete(namedKeyVersions).where(eq(namedKeyVersions.namedKeyId, id)))
      destroyed.push(key)
    }
    return destroyed
  })
}

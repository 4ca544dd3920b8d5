import { and, asc, eq } from 'drizzle-orm'
import { namespaceKeys } from '#drizzle/schema/namespaces.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import type { NamespaceKey } from '#storage-engine/metadata/namespaces.ts'
import { isDuplicate } from '#storage-engine/metadata/postgres-errors.ts'
import { pauseWriters } from '#storage-engine/metadata/write-target.ts'

/** A version of a namespace's key, with everything that may be shown of it. */
export type NamespaceKeyVersion = typeof namespaceKeys.$inferSelect

/** Every version of the namespace's key, oldest first, and the key epoch at that moment; none when there is no such namespace. */
export async function loadNamespaceKeys(
  db: Queryable,
  { namespaceId }: { namespaceId: string },
): Promise<{ epoch: number; rows: NamespaceKey[] }> {
  const rows = await db.query<NamespaceKey & { epoch: number }>({
    name: 'load-namespace-keys',
    text: `
select n.key_epoch as epoch, k.version, k.state, k.wrapped_key as "wrappedKey", k.token_id as "tokenId"
from namespaces n join namespace_keys k on k.namespace_id = n.id where n.id = $1 order by k.version`,
    values: [namespaceId],
  })
  return { epoch: rows[0]?.epoch ?? 0, rows: rows.map(({ epoch: _, ...row }) => row) }
}

/** Whether some key that is not destroyed needs a shred token. */
export async function hasShredTokens(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ found: boolean }>({
    name: 'has-shred-tokens',
    text: 'select exists (select from namespace_keys where token_id is not null and wrapped_key is not null) as found',
    values: [],
  })
  return row?.found === true
}

/** Every version of the namespace's key, oldest first. */
export function listNamespaceKeys(
  db: Queryable,
  { namespaceId }: { namespaceId: string },
): Promise<NamespaceKeyVersion[]> {
  const isOwn = eq(namespaceKeys.namespaceId, namespaceId)
  return db.run((orm) => orm.select().from(namespaceKeys).where(isOwn).orderBy(asc(namespaceKeys.version)))
}

/**
 * Makes a version the active one. Once it resolves, whoever looks a bucket up knows that there is a younger key. Throws
 * KeysAreChanging when another rotation made this version first, AccessDenied for a namespace that is being shredded.
 */
export async function insertNamespaceKey(
  db: Queryable,
  key: { namespaceId: string; version: number; wrappedKey: Buffer; tokenId: string | null },
): Promise<void> {
  const { namespaceId } = key
  const isReplaced = and(eq(namespaceKeys.namespaceId, namespaceId), eq(namespaceKeys.state, 'active'))
  try {
    await db.transaction(async (tx) => {
      await advanceKeyEpoch(tx, { namespaceId })
      await tx.run((orm) => orm.update(namespaceKeys).set({ state: 'decrypt-only' }).where(isReplaced))
      await tx.run((orm) => orm.insert(namespaceKeys).values({ ...key, state: 'active' }))
    })
  } catch (error) {
    throw isDuplicate(error) ? new StorageError('KeysAreChanging') : error
  }
}

async function advanceKeyEpoch(tx: Queryable, { namespaceId }: { namespaceId: string }): Promise<void> {
  await pauseWriters(tx)
  const changed = await tx.query({
    name: 'advance-key-epoch',
    text: 'update namespaces set key_epoch = key_epoch + 1 where id = $1 and shred_state is null returning id',
    values: [namespaceId],
  })
  if (changed.length === 0)
    throw new StorageError('AccessDenied', { message: 'The keys of this namespace are to be destroyed.' })
}

/** Once it resolves with `true`, nothing can be committed any more that only this version opens; with `false`, it can again. */
export async function setNamespaceKeyClosed(
  db: Queryable,
  { namespaceId, version, isClosed }: { namespaceId: string; version: number; isClosed: boolean },
): Promise<void> {
  await db.transaction(async (tx) => {
    await advanceKeyEpoch(tx, { namespaceId })
    await tx.query({
      name: 'close-namespace-key',
      text: `
update namespaces set retired_key_versions = array_remove(retired_key_versions, $2::integer) || case when $3 then array[$2::integer] else '{}'::integer[] end
where id = $1`,
      values: [namespaceId, version, isClosed],
    })
  })
}

/** Forgets the material of a version that is not active; its row stays. Idempotent. */
export async function retireNamespaceKey(
  db: Queryable,
  { namespaceId, version }: { namespaceId: string; version: number },
): Promise<void> {
  const isIt = and(
    eq(namespaceKeys.namespaceId, namespaceId),
    eq(namespaceKeys.version, version),
    eq(namespaceKeys.state, 'decrypt-only'),
  )
  await db.run((orm) =>
    orm.update(namespaceKeys).set({ state: 'retired', wrappedKey: null, retiredAt: new Date() }).where(isIt),
  )
}

/** The shred tokens of versions that are destroyed: they may be in the keystore still. */
export async function listDeadTokens(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ tokenId: string }>({
    name: 'list-dead-tokens',
    text: 'select token_id as "tokenId" from namespace_keys where wrapped_key is null and token_id is not null',
    values: [],
  })
  return rows.map(({ tokenId }) => tokenId)
}

/** The shred tokens that some version names, alive or destroyed. */
export async function listNamedTokens(db: Queryable): Promise<Set<string>> {
  const rows = await db.query<{ tokenId: string }>({
    name: 'list-named-tokens',
    text: 'select token_id as "tokenId" from namespace_keys where token_id is not null',
    values: [],
  })
  return new Set(rows.map(({ tokenId }) => tokenId))
}

import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import { countDataKeys } from '#storage-engine/metadata/data-keys.ts'
import { insertKeyRewrap } from '#storage-engine/metadata/key-rewraps.ts'
import {
  insertNamespaceKey,
  listDeadTokens,
  listNamespaceKeys,
  type NamespaceKeyVersion,
  retireNamespaceKey as retire,
  setNamespaceKeyClosed,
} from '#storage-engine/metadata/namespace-keys.ts'
import { discardToken } from '#storage-engine/namespaces/discard-token.ts'

/**
 * Makes a new version of the namespace's key, which wraps the data keys of everything that is written from now on; nothing
 * that is stored changes. Throws ServiceUnavailable, KeysAreChanging, and AccessDenied while the namespace is being shredded.
 */
export async function rotateNamespaceKey(
  engine: Engine,
  { namespaceId }: { namespaceId: string },
): Promise<{ version: number }> {
  const versions = await listNamespaceKeys(engine.db, { namespaceId })
  const version = 1 + Math.max(0, ...versions.map((each) => each.version))
  const wrapped = await engine.keyring.createNamespaceKey({ namespaceId, version })
  try {
    await insertNamespaceKey(engine.db, { namespaceId, version, ...wrapped })
  } catch (error) {
    await discardToken(engine, { tokenId: wrapped.tokenId, error })
    throw error
  }
  engine.log.info({ namespaceId, version }, 'namespace key rotated')
  return { version }
}

/**
 * Begins to wrap all data keys of the namespace under its newest key: only keys are written, no data. The jobs process does
 * it. Throws KeysAreChanging while that is under way already.
 */
export async function startKeyRewrap(
  engine: Engine,
  { namespaceId, startedBy }: { namespaceId: string; startedBy: string },
): Promise<void> {
  const counts = await countDataKeys(engine.db, { namespaceId })
  const { version: newest } = await getActive(engine, namespaceId)
  const totalCount = [...counts].reduce((sum, [version, count]) => sum + (version === newest ? 0 : count), 0)
  await insertKeyRewrap(engine.db, { id: newId(), namespaceId, startedBy, totalCount })
}

/**
 * Destroys the material of a version that wraps nothing any more. Not even a backup of the database opens with it then; another
 * process may use it for 300 s still. Doing it twice does no harm. Throws NoSuchKeyVersion, KeyIsInUse (the active one, or
 * something needs it: how much) and ServiceUnavailable.
 */
export async function retireNamespaceKey(
  engine: Engine,
  { namespaceId, version }: { namespaceId: string; version: number },
): Promise<void> {
  const { db, keystore, keyring, log } = engine
  const key = (await listNamespaceKeys(db, { namespaceId })).find((each) => each.version === version)
  if (key === undefined) throw new StorageError('NoSuchKeyVersion')
  if (key.state === 'active') throw new StorageError('KeyIsInUse', { notice: { code: 'version-active', values: {} } })
  if (key.wrappedKey !== null) {
    await expectUnused(engine, key)
    // A write that was prepared under this version may still be on its way: it is turned back, or seen by the second look.
    await setNamespaceKeyClosed(db, { namespaceId, version, isClosed: true })
    try {
      await expectUnused(engine, key)
    } catch (error) {
      await setNamespaceKeyClosed(db, { namespaceId, version, isClosed: false })
      throw error
    }
    await retire(db, { namespaceId, version })
  }
  if (key.tokenId !== null) await keystore.destroy(key.tokenId)
  keyring.forgetKeys()
  log.warn({ namespaceId, version }, 'namespace key retired')
}

async function expectUnused(engine: Engine, { namespaceId, version }: NamespaceKeyVersion): Promise<void> {
  const count = (await countDataKeys(engine.db, { namespaceId })).get(version) ?? 0
  if (count === 0) return
  throw new StorageError('KeyIsInUse', {
    notice: { code: 'version-in-use', values: { version, count } },
    extra: { Count: String(count) },
  })
}

async function getActive(engine: Engine, namespaceId: string): Promise<NamespaceKeyVersion> {
  const active = (await listNamespaceKeys(engine.db, { namespaceId })).find(({ state }) => state === 'active')
  if (active === undefined) throw new StorageError('AccessDenied', { notice: { code: 'keys-destroyed', values: {} } })
  return active
}

/**
 * Removes shred tokens of keys that are destroyed: of another machine's keystore, or left by a process that died in between.
 * Resolves to how many there were.
 */
export async function destroyDeadTokens({ db, keystore }: Engine): Promise<number> {
  const dead = await listDeadTokens(db)
  if (dead.length === 0) return 0
  const present = new Set(await keystore.list())
  const left = dead.filter((tokenId) => present.has(tokenId))
  for (const tokenId of left) await keystore.destroy(tokenId)
  return left.length
}

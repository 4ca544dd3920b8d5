import { appendSystemEvent } from '#storage-engine/accounts/audited.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { findActiveRootKey, listRootKeys } from '#storage-engine/metadata/root-keys.ts'
import { observeRootKey, rewrapOnce } from '#storage-engine/namespaces/root-keys.ts'

export async function hasRecordsToRewrap({ db }: Engine): Promise<boolean> {
  const noted = await findActiveRootKey(db)
  return noted !== null && noted.rewrappedAt === null
}

/** After a rotation of the root key: brings everything under the new one, until nobody can use an older one any more. */
export async function rewrapRoot(engine: Engine, { signal }: { signal: AbortSignal }): Promise<string> {
  const count = await rewrapOnce(engine, { signal })
  const keys = await listRootKeys(engine.db)
  const noted = keys.find(({ replacedAt }) => replacedAt === null)
  // The first key of an installation is looked after, too, but nobody rotated it.
  if (keys.length > 1 && noted !== undefined && noted.rewrappedAt !== null) {
    const details = { id: noted.id, version: noted.version }
    await appendSystemEvent(engine, { namespaceId: null, action: 'root-key.rewrapped', target: noted.id, details })
  }
  return `${count} records wrapped by the new root key`
}

/** Takes notice of a root key that was rotated elsewhere: at its provider, or on another machine. */
export async function watchRootKey(engine: Engine): Promise<string> {
  const isBehind = await observeRootKey(engine)
  return isBehind ? 'there are records to be wrapped by the active root key' : 'everything is under the active root key'
}

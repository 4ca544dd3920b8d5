import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { findNamespaceByName, type Namespace } from '#storage-engine/metadata/namespaces.ts'

/** For administrators, who see every namespace. Throws NoSuchNamespace. */
export async function requireNamespace(engine: Engine, name: string): Promise<Namespace> {
  const namespace = await findNamespaceByName(engine.db, { name })
  if (namespace === null) throw new StorageError('NoSuchNamespace')
  return namespace
}

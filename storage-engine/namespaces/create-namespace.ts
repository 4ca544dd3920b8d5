import { randomBytes } from 'node:crypto'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import { insertNamespace } from '#storage-engine/metadata/namespaces.ts'

/** A DNS label, since `<namespace>.s3.<region>.<domain>` is the namespace's endpoint. */
const NAME_PATTERN = /^[a-z0-9]([a-z0-9-]{1,61})[a-z0-9]$/

export interface CreateNamespaceInput {
  name: string
  displayName: string
  /** Whether new data is sealed from the start. */
  encryptionMode: 'off' | 'on'
  /** Of the root object user, by which an ACL may name it; unique within the service. None by default. */
  email?: string
}

/**
 * Makes a namespace with its first key and its root object user, all or nothing. The key exists also while encryption is
 * off: a client may ask for it object by object. Throws InvalidArgument, NamespaceAlreadyExists, ServiceUnavailable.
 */
export async function createNamespace(
  engine: Engine,
  input: CreateNamespaceInput,
): Promise<{ namespaceId: string; rootObjectUserId: string }> {
  if (!NAME_PATTERN.test(input.name)) {
    throw new StorageError('InvalidArgument', { extra: { ArgumentName: 'name', ArgumentValue: input.name } })
  }
  const namespaceId = newId()
  const rootObjectUserId = newId()
  const version = 1
  const { wrappedKey } = await engine.keyring.createNamespaceKey({ namespaceId, version })
  await insertNamespace(engine.db, {
    id: namespaceId,
    name: input.name,
    displayName: input.displayName,
    encryptionMode: input.encryptionMode,
    firstKey: { version, wrappedKey },
    rootObjectUser: {
      id: rootObjectUserId,
      canonicalId: randomBytes(32).toString('hex'),
      displayName: input.name,
      email: input.email ?? null,
    },
  })
  return { namespaceId, rootObjectUserId }
}

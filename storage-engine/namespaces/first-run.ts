import { generatePassword } from '#storage-engine/accounts/generate-password.ts'
import { createPasswordHash } from '#storage-engine/accounts/password-hash.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { newId } from '#storage-engine/ids.ts'
import { findNamespaceByName } from '#storage-engine/metadata/namespaces.ts'
import { countUsers, insertUser, putMembership } from '#storage-engine/metadata/users.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'

const FIRST_NAMESPACE = 'main'
const FIRST_USER = 'admin'
export interface FirstRun {
  username: string
  /** In clear, for this once; only its hash is stored. */
  password: string
}

/**
 * Gives an empty installation its first namespace and an administrator who owns it; null when somebody can sign in
 * already. An interrupted first run is taken up where it ended.
 */
export async function prepareInstallation(engine: Engine): Promise<FirstRun | null> {
  const { config, db } = engine
  if ((await countUsers(db)) > 0) return null
  const namespaceId = await findOrCreateNamespace(engine, config.namespaceEncryption)
  const password = generatePassword()
  const passwordHash = await createPasswordHash(password)
  await db.transaction(async (tx) => {
    const userId = newId()
    const user = {
      id: userId,
      username: FIRST_USER,
      displayName: 'Administrator',
      email: null,
      passwordHash,
      isAdministrator: true,
    }
    await insertUser(tx, user)
    await putMembership(tx, { namespaceId, userId, role: 'owner', permissions: [] })
  })
  return { username: FIRST_USER, password }
}

async function findOrCreateNamespace(engine: Engine, encryptionMode: 'off' | 'on'): Promise<string> {
  const found = await findNamespaceByName(engine.db, { name: FIRST_NAMESPACE })
  if (found !== null) return found.id
  const created = await createNamespace(engine, { name: FIRST_NAMESPACE, displayName: 'Main', encryptionMode })
  return created.namespaceId
}

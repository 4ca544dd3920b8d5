import { join } from 'node:path'
import type { Product } from '#e2e/product.ts'
import type { Credentials } from '#e2e/signature.ts'
import { issueAccessKey } from '#storage-engine/accounts/issue-access-key.ts'
import { readConfig } from '#storage-engine/config.ts'
import { createEngine } from '#storage-engine/engine.ts'
import { createLog } from '#storage-engine/log.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import { findDatabaseUrl } from '#storage-engine/postgres.ts'

/** Gives a running product a namespace with D@RE off; resolves to a key of its root object user. */
export async function createPlainNamespace({ dataDir, credentials }: Product): Promise<Credentials> {
  const env = { SCEAU_DATA_DIR: dataDir, DATABASE_URL: findDatabaseUrl(join(dataDir, 'postgres')) ?? '' }
  const config = readConfig({ env, directory: dataDir })
  const engine = await createEngine(config, { log: createLog({ level: 'fatal', role: 'cli' }), role: 'cli' })
  try {
    const namespace = { name: 'plain', displayName: 'Plain', encryptionMode: 'off' } as const
    const { namespaceId, rootObjectUserId } = await createNamespace(engine, namespace)
    return { ...credentials, ...(await issueAccessKey(engine, { namespaceId, objectUserId: rootObjectUserId })) }
  } finally {
    await engine.close()
  }
}

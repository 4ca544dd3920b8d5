import type { Product } from '#e2e/product.ts'
import { openProductEngine } from '#e2e/product-engine.ts'
import type { Credentials } from '#e2e/signature.ts'
import { issueAccessKey } from '#storage-engine/accounts/issue-access-key.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'

/** Gives a running product a namespace with D@RE off; resolves to a key of its root object user. */
export async function createPlainNamespace(product: Product): Promise<Credentials> {
  const engine = await openProductEngine(product)
  try {
    const namespace = { name: 'plain', displayName: 'Plain', encryptionMode: 'off' } as const
    const { namespaceId, rootObjectUserId } = await createNamespace(engine, namespace)
    return {
      ...product.credentials,
      ...(await issueAccessKey(engine, { namespaceId, objectUserId: rootObjectUserId })),
    }
  } finally {
    await engine.close()
  }
}

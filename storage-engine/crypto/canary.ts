import { createHash, timingSafeEqual } from 'node:crypto'
import { failClosed } from '#storage-engine/crypto/fail-closed.ts'
import { canaryContext } from '#storage-engine/crypto/key-context.ts'
import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

/** A value to store once, by which every later start can tell whether it has the right root key. Throws ServiceUnavailable. */
export function createCanary(provider: RootProvider, { clusterId }: { clusterId: string }): Promise<Buffer> {
  return failClosed(provider).wrap({ context: canaryContext({ clusterId }), key: contentFor(clusterId) })
}

/** False when the root key is not the one that made the canary. Throws ServiceUnavailable. */
export async function checkCanary(
  provider: RootProvider,
  { clusterId, record }: { clusterId: string; record: Buffer },
): Promise<boolean> {
  try {
    const opened = await failClosed(provider).unwrap({ context: canaryContext({ clusterId }), record })
    return timingSafeEqual(opened, contentFor(clusterId))
  } catch (error) {
    if (error instanceof SealBrokenError) return false
    throw error
  }
}

function contentFor(clusterId: string): Buffer {
  return createHash('sha256').update(`sceau canary ${clusterId}`).digest()
}

import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'

/**
 * Destroys the shred token of a new key that `error` kept from being stored, as nobody will ever ask for it. When the error
 * says that something was away, the commit may have gone through all the same: the token stays then, needed or not.
 */
export async function discardToken(
  { keystore }: Engine,
  { tokenId, error }: { tokenId: string | null; error: unknown },
): Promise<void> {
  const isRefused = error instanceof StorageError && error.status < 500
  if (isRefused && tokenId !== null) await keystore.destroy(tokenId)
}

import type { Keystore } from '#storage-engine/crypto/keystore.ts'
import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** Wrapping and unwrapping, which throw ServiceUnavailable when the provider is out of reach for whatever reason. */
export function failClosed(provider: RootProvider): Pick<RootProvider, 'wrap' | 'unwrap'> {
  return {
    wrap: (input) => orUnavailable(() => provider.wrap(input)),
    unwrap: (input) => orUnavailable(() => provider.unwrap(input)),
  }
}

/** The same for shred tokens. */
export function failClosedKeystore(keystore: Keystore): Pick<Keystore, 'read' | 'write'> {
  return {
    read: (tokenId) => orUnavailable(() => keystore.read(tokenId)),
    write: (tokenId, record) => orUnavailable(() => keystore.write(tokenId, record)),
  }
}

/**
 * Whatever stops them stops the request: there is no other road, least of all one without encryption. Refusals that a
 * provider words itself (StorageError) become its cause.
 */
export async function orUnavailable<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call()
  } catch (cause) {
    if (cause instanceof SealBrokenError) throw cause
    throw new StorageError('ServiceUnavailable', { message: 'The encryption keys are out of reach.', cause })
  }
}

import { randomBytes } from 'node:crypto'
import { KEY_BYTES } from '#storage-engine/crypto/key-wrap.ts'
import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'
import {
  decodeRemoteRecord,
  encodeRemoteRecord,
  packKey,
  type RemoteRecord,
  unpackKey,
} from '#storage-engine/crypto/root-record.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

/**
 * A service that encrypts 64 bytes under a key that it never gives out, authenticated and bound to `context`.
 * `decrypt` throws SealBrokenError when this ciphertext is not one of the key that it names; any other error means that
 * the service cannot be used now.
 */
export interface RemoteCipher extends Pick<RootProvider, 'kind' | 'location' | 'rotation' | 'active' | 'list'> {
  encrypt(input: { context: Buffer; plain: Buffer }): Promise<RemoteRecord>
  decrypt(input: RemoteRecord & { context: Buffer }): Promise<Buffer>
}

const PROBE_CONTEXT = Buffer.from('sceau health')

/** A root provider over a remote service. It is well when a probe comes back from being wrapped and unwrapped. */
export function createRemoteRootProvider({ encrypt, decrypt, ...about }: RemoteCipher): RootProvider {
  const provider: RootProvider = {
    ...about,
    async wrap({ context, key }) {
      const plain = packKey({ context, key })
      try {
        return encodeRemoteRecord(await encrypt({ context, plain }))
      } finally {
        plain.fill(0)
      }
    },
    async unwrap({ context, record }) {
      const plain = await decrypt({ ...decodeRemoteRecord(record), context })
      try {
        return unpackKey({ context, plain })
      } finally {
        plain.fill(0)
      }
    },
    async health() {
      const key = randomBytes(KEY_BYTES)
      const record = await provider.wrap({ context: PROBE_CONTEXT, key })
      if (!(await opens(provider, record, key))) throw new Error('The root key does not open what it has just wrapped.')
    },
  }
  return provider
}

async function opens(provider: RootProvider, record: Buffer, key: Buffer): Promise<boolean> {
  try {
    return (await provider.unwrap({ context: PROBE_CONTEXT, record })).equals(key)
  } catch (error) {
    if (error instanceof SealBrokenError) return false
    throw error
  }
}

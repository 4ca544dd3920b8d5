import { createSecretKey } from 'node:crypto'
import { hkdfExpand } from '#storage-engine/crypto/hkdf.ts'
import { KEY_BYTES } from '#storage-engine/crypto/key-wrap.ts'
import { createLocalRootProvider, type RootKey } from '#storage-engine/crypto/local-root-provider.ts'
import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { StartupError } from '#storage-engine/errors.ts'

const ID_PURPOSE = Buffer.from('sceau/root-id')

/**
 * The root key from a setting, for development: whoever may list the environment of a process reads it.
 * `value`: 64 hexadecimal digits. Throws StartupError when it is missing or of another form.
 */
export function createEnvRootProvider(input: { value: string | undefined }): RootProvider {
  if (input.value === undefined || !/^[0-9a-f]{64}$/i.test(input.value)) {
    throw new StartupError('SCEAU_ROOT_KEY must be 64 hexadecimal digits; make one with: openssl rand -hex 32')
  }
  const bytes = Buffer.from(input.value, 'hex')
  const key: RootKey = { id: idOf(bytes), version: 1, state: 'active', createdAt: null, key: createSecretKey(bytes) }
  return createLocalRootProvider({
    kind: 'env',
    location: 'SCEAU_ROOT_KEY',
    rotation: null,
    loadKeys: async () => [key],
  })
}

/** A key without a keyring has no name of its own, so its name follows from it, one way. */
function idOf(key: Buffer): string {
  const hex = hkdfExpand(key, [ID_PURPOSE], KEY_BYTES).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

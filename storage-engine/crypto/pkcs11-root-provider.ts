import { randomBytes } from 'node:crypto'
import { writeUuids } from '#storage-engine/crypto/blob-aad.ts'
import {
  type DistantParent,
  KEY_BYTES,
  parentOf,
  unwrapKeyUnder,
  wrapKeyUnder,
} from '#storage-engine/crypto/key-wrap.ts'
import {
  createPkcs11Process,
  type Pkcs11Process,
  type Pkcs11ProcessInput,
} from '#storage-engine/crypto/pkcs11-process.ts'
import type { RootProvider, RootRotation } from '#storage-engine/crypto/root-provider.ts'
import { nameRootKey } from '#storage-engine/crypto/root-record.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { StartupError, StorageError } from '#storage-engine/errors.ts'

const PROBE_CONTEXT = Buffer.from('sceau health')

export interface OpenPkcs11RootProviderInput extends Pkcs11ProcessInput {
  /** True only when nothing was ever sealed here: the one moment at which a root key may be made. */
  isInstallationEmpty: boolean
}

/**
 * The root key in a PKCS#11 token, as generic secrets for HMAC-SHA-384 that never leave it: what wraps a key is derived in
 * the token, the wrapping itself is ours, so the records are those of a key in a file. Throws StartupError when package,
 * module or PIN do not work; a token that does not answer now may do so later.
 */
export async function openPkcs11RootProvider(input: OpenPkcs11RootProviderInput): Promise<RootProvider> {
  const tokenProcess = createPkcs11Process(input)
  try {
    const versions = await listVersions(tokenProcess)
    if (versions.length === 0 && input.isInstallationEmpty) await tokenProcess.ask({ name: 'create', version: 1 })
  } catch (error) {
    if (!(error instanceof StartupError) && !input.isInstallationEmpty) return createProvider(input, tokenProcess)
    tokenProcess.stop()
    throw new StartupError(`SCEAU_ROOT_PROVIDER "pkcs11": ${(error as Error).message}`, { cause: error })
  }
  return createProvider(input, tokenProcess)
}

function createProvider({ place }: OpenPkcs11RootProviderInput, tokenProcess: Pkcs11Process): RootProvider {
  const id = nameRootKey('pkcs11', place.token, place.key)
  const parentFor = (version: number): DistantParent => ({
    id: bytesOf(id),
    version,
    hmac: hmacOf(tokenProcess, version),
  })
  async function findActive(): Promise<number> {
    const [newest] = await listVersions(tokenProcess)
    if (newest === undefined) throw new Error(`The token "${place.token}" holds no key "${place.key}".`)
    return newest
  }

  const provider: RootProvider = {
    kind: 'pkcs11',
    location: `token "${place.token}", key "${place.key}"`,
    rotation: createRotation({ id, tokenProcess, findActive }),
    async wrap(input) {
      return wrapKeyUnder(parentFor(await findActive()), input)
    },
    async unwrap(input) {
      const { version } = parentOf(input.record)
      return unwrapKeyUnder(parentFor(version), input)
    },
    async active() {
      return { id, version: await findActive() }
    },
    async list() {
      const versions = await listVersions(tokenProcess)
      return versions.map((version, index) => ({
        id,
        version,
        state: index === 0 ? 'active' : 'decrypt-only',
        createdAt: null,
      }))
    },
    async health() {
      const record = await provider.wrap({ context: PROBE_CONTEXT, key: randomBytes(KEY_BYTES) })
      await provider.unwrap({ context: PROBE_CONTEXT, record })
    },
  }
  return provider
}

function createRotation(input: {
  id: string
  tokenProcess: Pkcs11Process
  findActive(): Promise<number>
}): RootRotation {
  const { id, tokenProcess, findActive } = input
  return {
    async rotate() {
      const version = (await findActive()) + 1
      await tokenProcess.ask({ name: 'create', version })
      return { id, version }
    },
    async retire(name) {
      if (name.id !== id) return
      if (name.version === (await findActive())) {
        throw new StorageError('InvalidRequest', { message: 'The active root key cannot be retired: rotate it first.' })
      }
      await tokenProcess.ask({ name: 'destroy', version: name.version })
    },
  }
}

function hmacOf(tokenProcess: Pkcs11Process, version: number): DistantParent['hmac'] {
  return async (message) => {
    const mac = await tokenProcess.ask({ name: 'hmac', version, message })
    if (!(mac instanceof Uint8Array)) throw new SealBrokenError('This key was wrapped by a root key that is not here.')
    return Buffer.from(mac.buffer, mac.byteOffset, mac.length)
  }
}

async function listVersions(tokenProcess: Pkcs11Process): Promise<number[]> {
  return (await tokenProcess.ask({ name: 'list' })) as number[]
}

function bytesOf(id: string): Buffer {
  const bytes = Buffer.alloc(16)
  writeUuids(bytes, [id], 0)
  return bytes
}

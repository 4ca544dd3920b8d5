import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { link, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { KEY_BYTES } from '#storage-engine/crypto/key-wrap.ts'
import { createLocalRootProvider, type RootKey } from '#storage-engine/crypto/local-root-provider.ts'
import type { RootKeyName, RootProvider, RootRotation } from '#storage-engine/crypto/root-provider.ts'
import { makeSecretDirectory, placeSecretFile } from '#storage-engine/crypto/secret-file.ts'
import { StartupError, StorageError } from '#storage-engine/errors.ts'

const KEYRING_BYTES_MAX = 65536
/** Any right of group or others. */
const TOO_OPEN = 0o077

const FORMAT = 'sceau-keyring-1'
const KEYRING_FULL = 'The root key file is full: retire root keys that nothing refers to any more.'

const keyringSchema = z.strictObject({
  format: z.literal(FORMAT),
  keys: z
    .array(
      z.strictObject({
        id: z.guid(),
        version: z.int().min(1).max(0xffffffff),
        state: z.enum(['active', 'decrypt-only']),
        createdAt: z.iso.datetime(),
        /** Base64 of 32 bytes. */
        key: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
      }),
    )
    .min(1)
    .max(1000)
    .refine((keys) => keys.filter((key) => key.state === 'active').length === 1, 'exactly one key must be active'),
})

type KeyringKey = z.output<typeof keyringSchema>['keys'][number]

export interface OpenFileRootProviderInput {
  path: string
  /** True only when nothing was ever sealed here: the one moment at which a root key may be made. */
  isInstallationEmpty: boolean
}

/**
 * The root key in a keyring file (docs/formats/keys.md), readable by its owner alone. Throws StartupError when the file
 * is missing on an installation that has data, is open to others, or is damaged.
 */
export async function openFileRootProvider(input: OpenFileRootProviderInput): Promise<RootProvider> {
  const { path, isInstallationEmpty } = input
  try {
    await readKeyring(path)
  } catch (error) {
    if (!isMissing(error)) throw error
    if (!isInstallationEmpty) throw missingKeyring(path)
    await createKeyring(path)
    await readKeyring(path)
  }
  return createLocalRootProvider({
    kind: 'file',
    location: path,
    rotation: createRotation(path),
    loadKeys: async () => (await readKeyring(path)).map(toRootKey),
  })
}

function createRotation(path: string): RootRotation {
  return {
    async rotate() {
      const keys = await readKeyring(path)
      const next = newKey(1 + Math.max(...keys.map(({ version }) => version)))
      await replaceKeyring(path, [next, ...keys.map((key) => ({ ...key, state: 'decrypt-only' as const }))])
      return { id: next.id, version: next.version }
    },
    async retire(name) {
      const keys = await readKeyring(path)
      const kept = keys.filter((key) => !isNamed(key, name))
      if (kept.length === keys.length) return
      if (!kept.some(({ state }) => state === 'active')) {
        throw new StorageError('InvalidRequest', { message: 'The active root key cannot be retired: rotate it first.' })
      }
      await replaceKeyring(path, kept)
    },
  }
}

function isNamed(key: KeyringKey, name: RootKeyName): boolean {
  return key.id.toLowerCase() === name.id.toLowerCase() && key.version === name.version
}

function toRootKey({ id, version, state, createdAt, key }: KeyringKey): RootKey {
  return { id, version, state, createdAt: new Date(createdAt), key: createSecretKey(Buffer.from(key, 'base64')) }
}

async function readKeyring(path: string): Promise<KeyringKey[]> {
  const file = await open(path, 'r')
  try {
    const { mode, size } = await file.stat()
    if ((mode & TOO_OPEN) !== 0) {
      throw new StartupError(`The root key file ${path} is open to other users. Run: chmod 400 '${path}'`)
    }
    if (size > KEYRING_BYTES_MAX) throw damagedKeyring(path, `it is larger than ${KEYRING_BYTES_MAX} bytes`)
    return parseKeyring(path, await file.readFile('utf8'))
  } finally {
    await file.close()
  }
}

/** Says what is wrong without quoting the file, whose content is secret. */
function parseKeyring(path: string, text: string): KeyringKey[] {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw damagedKeyring(path, 'it is not JSON')
  }
  const parsed = keyringSchema.safeParse(content)
  if (!parsed.success) {
    throw damagedKeyring(path, parsed.error.issues.map((issue) => `${issue.path.join('.')} is not valid`).join(', '))
  }
  return parsed.data.keys
}

/**
 * A link, unlike a rename, fails when the name exists: of two first starts at once, the second takes the key of the first.
 */
async function createKeyring(path: string): Promise<void> {
  await makeSecretDirectory(dirname(path))
  await placeSecretFile(path, formatKeyring([newKey(1)]), async (temporary) => {
    try {
      await link(temporary, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    await unlink(temporary)
  })
}

async function replaceKeyring(path: string, keys: KeyringKey[]): Promise<void> {
  const text = formatKeyring(keys)
  if (Buffer.byteLength(text) > KEYRING_BYTES_MAX) throw new StorageError('LimitExceeded', { message: KEYRING_FULL })
  try {
    await placeSecretFile(path, text)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new StorageError('ServiceUnavailable', { message: `The root key file cannot be replaced (${code}).`, cause })
  }
}

function newKey(version: number): KeyringKey {
  return {
    id: randomUUID(),
    version,
    state: 'active',
    createdAt: new Date().toISOString(),
    key: randomBytes(KEY_BYTES).toString('base64'),
  }
}

function formatKeyring(keys: KeyringKey[]): string {
  return `${JSON.stringify({ format: FORMAT, keys }, null, 2)}\n`
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

function missingKeyring(path: string): StartupError {
  return new StartupError(
    `The root key file ${path} is missing, and this installation holds data sealed under it. Put it back from your backup; a new key would open nothing.`,
  )
}

function damagedKeyring(path: string, reason: string): StartupError {
  return new StartupError(`The root key file ${path} cannot be used: ${reason}. Put it back from your backup.`)
}

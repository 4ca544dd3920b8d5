import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, open, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { KEY_BYTES } from '#storage-engine/crypto/key-wrap.ts'
import { createLocalRootProvider, type RootKey } from '#storage-engine/crypto/local-root-provider.ts'
import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { StartupError } from '#storage-engine/errors.ts'

const KEYRING_BYTES_MAX = 65536
/** Any right of group or others. */
const TOO_OPEN = 0o077

const keyringSchema = z.strictObject({
  format: z.literal('sceau-keyring-1'),
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
  return createLocalRootProvider(() => readKeyring(path))
}

async function readKeyring(path: string): Promise<RootKey[]> {
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
function parseKeyring(path: string, text: string): RootKey[] {
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
  return parsed.data.keys.map(({ id, version, state, key }) => ({
    id,
    version,
    isActive: state === 'active',
    key: createSecretKey(Buffer.from(key, 'base64')),
  }))
}

/**
 * Temp file → fsync → link → fsync of the directory. A link, unlike a rename, fails when the name exists: of two first
 * starts at once, the second takes the key of the first.
 */
async function createKeyring(path: string): Promise<void> {
  const directory = dirname(path)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const temporary = join(directory, `.${basename(path)}.${randomUUID()}`)
  const file = await open(temporary, 'wx', 0o400)
  try {
    try {
      await file.writeFile(newKeyring())
      await file.sync()
    } finally {
      await file.close()
    }
    await link(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(temporary)
  }
  await syncDirectory(directory)
}

function newKeyring(): string {
  const key = {
    id: randomUUID(),
    version: 1,
    state: 'active',
    createdAt: new Date().toISOString(),
    key: randomBytes(KEY_BYTES).toString('base64'),
  }
  return `${JSON.stringify({ format: 'sceau-keyring-1', keys: [key] }, null, 2)}\n`
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
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

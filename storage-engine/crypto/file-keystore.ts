import { randomBytes } from 'node:crypto'
import { chmod, open, readdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Keystore } from '#storage-engine/crypto/keystore.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { makeSecretDirectory, placeSecretFile, syncDirectory } from '#storage-engine/crypto/secret-file.ts'
import { StartupError, StorageError } from '#storage-engine/errors.ts'

/** Specified in docs/formats/keys.md; it may never change. */
const MAGIC = Buffer.from('sceau-token-1\n')
const TOKEN_FILE = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.token$/
const TOKEN_BYTES_MAX = 65_536
const IDENTITY_FILE = 'keystore.json'
const identitySchema = z.strictObject({ format: z.literal('sceau-keystore-1'), clusterId: z.guid() })

export interface OpenFileKeystoreInput {
  directory: string
  clusterId: string
  /** True only while no key depends on a token: a directory without an identity may be a drive that is not mounted. */
  mayCreate: boolean
}

/**
 * A directory with a file a token, for its owner alone. Throws StartupError when it is missing on an installation whose
 * keys need it, or belongs to another one.
 */
export async function openFileKeystore({ directory, clusterId, mayCreate }: OpenFileKeystoreInput): Promise<Keystore> {
  const fileOf = (tokenId: string) => join(directory, `${tokenId}.token`)
  if (!(await hasIdentity(directory, clusterId))) {
    if (!mayCreate) throw missingKeystore(directory)
    await makeSecretDirectory(directory)
    await placeSecretFile(join(directory, IDENTITY_FILE), formatIdentity(clusterId))
  }
  async function expectPresent(): Promise<void> {
    if (await hasIdentity(directory, clusterId)) return
    throw new StorageError('ServiceUnavailable', { message: 'The encryption keys are out of reach.' })
  }

  return {
    async write(tokenId, record) {
      await expectPresent()
      await placeSecretFile(fileOf(tokenId), Buffer.concat([MAGIC, record]))
    },
    async read(tokenId) {
      const content = await readToken(fileOf(tokenId))
      if (content === null) await expectPresent()
      return content
    },
    async destroy(tokenId) {
      await expectPresent()
      await destroyFile(fileOf(tokenId))
      await syncDirectory(directory)
    },
    async list() {
      await expectPresent()
      const names = await readdir(directory)
      return names.flatMap((name) => TOKEN_FILE.exec(name)?.[1] ?? [])
    },
  }
}

async function hasIdentity(directory: string, clusterId: string): Promise<boolean> {
  let text: string
  try {
    text = await readFile(join(directory, IDENTITY_FILE), 'utf8')
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
  const identity = identitySchema.safeParse(parseJson(text))
  if (!identity.success) throw new StartupError(`The keystore ${directory} has a damaged ${IDENTITY_FILE}.`)
  if (identity.data.clusterId === clusterId) return true
  throw new StartupError(`The keystore ${directory} belongs to another installation.`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function formatIdentity(clusterId: string): string {
  return `${JSON.stringify({ format: 'sceau-keystore-1', clusterId })}\n`
}

async function readToken(path: string): Promise<Buffer | null> {
  let file: Awaited<ReturnType<typeof open>>
  try {
    file = await open(path, 'r')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
  try {
    const { size } = await file.stat()
    const content = size > TOKEN_BYTES_MAX ? Buffer.alloc(0) : await file.readFile()
    if (!content.subarray(0, MAGIC.length).equals(MAGIC)) throw new SealBrokenError('A shred token is damaged.')
    return content.subarray(MAGIC.length)
  } finally {
    await file.close()
  }
}

/** What is overwritten may live on in a flash drive's spare blocks: there, only the root key's seal protects it. */
async function destroyFile(path: string): Promise<void> {
  try {
    await chmod(path, 0o600)
    const file = await open(path, 'r+')
    try {
      const { size } = await file.stat()
      await file.write(randomBytes(size), 0, size, 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await unlink(path)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

function missingKeystore(directory: string): StartupError {
  return new StartupError(
    `The keystore ${directory} is missing, and keys of this installation need it. Put it back from your backup, or mount its drive.`,
  )
}

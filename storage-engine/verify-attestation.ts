import { createHash, type Hash } from 'node:crypto'
import fs from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { verifyDocument } from '#storage-engine/crypto/signed-document.ts'
import { StartupError } from '#storage-engine/errors.ts'
import { ATTESTATION_FORMAT, addBlob } from '#storage-engine/namespaces/attest.ts'

const ATTESTATION_BYTES_MAX = 64 * 1024 ** 2
const LIST_LINE = /^([0-9a-f-]{36}) ([0-9a-f-]{36}) (\d{1,3}) (\d{1,16})$/
const LIST_CHUNK_BYTES = 65_536

const count = z.int().nonnegative()
const attestationSchema = z.object({
  format: z.literal(ATTESTATION_FORMAT),
  clusterId: z.uuid(),
  statedAt: z.iso.datetime(),
  namespaces: z.array(
    z.object({
      id: z.uuid(),
      name: z.string(),
      mode: z.enum(['on', 'off']),
      state: z.string(),
      blobs: z.array(z.object({ cipher: z.int(), count, sizeBytes: count, storedBytes: count })),
      list: z.object({ count, sha256: z.string() }),
    }),
  ),
  signature: z.object({ keyId: z.string() }),
})

export type ReadAttestation = z.output<typeof attestationSchema>
export type AttestedNamespace = ReadAttestation['namespaces'][number]

export interface ListedBlob {
  namespaceId: string
  cipher: number
  storedSize: number
}

const signedSchema = z.looseObject({ format: z.string(), signature: z.object({ keyId: z.string() }) })

export interface SignedFile {
  format: string
  keyId: string
  /** By the key that the caller trusts, when it gave one. */
  isSigned: boolean
}

/** Whether any signed document, such as the record of a destruction, is as it was signed. Throws StartupError for other files. */
export function readSignedFile(file: string, publicKey: Buffer | null): SignedFile {
  const content = readJson(file)
  const parsed = signedSchema.safeParse(content)
  if (!parsed.success) throw new StartupError(`${file} is no signed document.`)
  const { format, signature } = parsed.data
  return { format, keyId: signature.keyId, isSigned: isSignedBy(content, publicKey) }
}

/** Throws StartupError for a file that is no attestation; whether it was signed as it is, `isSigned` says. */
export function readAttestation(file: string, publicKey: Buffer | null): ReadAttestation & { isSigned: boolean } {
  const content = readJson(file)
  const parsed = attestationSchema.safeParse(content)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new StartupError(`${file} is no attestation: ${issue?.path.join('.')} ${issue?.message}`)
  }
  return { ...parsed.data, isSigned: isSignedBy(content, publicKey) }
}

function isSignedBy(content: unknown, publicKey: Buffer | null): boolean {
  return verifyDocument(content, publicKey === null ? {} : { publicKey })
}

function readJson(file: string): unknown {
  try {
    if (fs.statSync(file).size > ATTESTATION_BYTES_MAX) throw new Error('it is too large')
    return JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new StartupError(`Cannot read ${file}: ${(cause as Error).message}`, { cause })
  }
}

/** Base64 of 32 bytes, or a file that holds it. Throws StartupError. */
export function readPublicKey(value: string): Buffer {
  const text = (fs.existsSync(value) ? fs.readFileSync(value, 'utf8') : value).trim()
  const key = Buffer.from(text, 'base64')
  if (key.length === 32 && key.toString('base64') === text) return key
  throw new StartupError('--public-key must be the base64 text of an Ed25519 public key (32 bytes), or a file of it.')
}

/**
 * The list that an attestation was counted from, by blob. Throws StartupError when it is not the list of this attestation:
 * its digests are signed.
 */
export async function readList(file: string, attestation: ReadAttestation): Promise<Map<string, ListedBlob>> {
  const listed = new Map<string, ListedBlob>()
  const digests = new Map(attestation.namespaces.map(({ id }) => [id, { hash: createHash('sha256'), count: 0 }]))
  for await (const line of linesOf(file)) {
    const [, namespaceId = '', blobId = '', cipher, storedSize] = LIST_LINE.exec(line) ?? []
    const digest = digests.get(namespaceId)
    // Lines of other namespaces: the list may be of more than the attestation is.
    if (digest === undefined && cipher !== undefined) continue
    if (digest === undefined)
      throw new StartupError(`${file} is no list of blobs: ${JSON.stringify(line.slice(0, 120))}`)
    const blob = { namespaceId, cipher: Number(cipher), storedSize: Number(storedSize) }
    addBlob(digest.hash, { blobId, ...blob })
    digest.count++
    listed.set(blobId, blob)
  }
  for (const { id, name, list } of attestation.namespaces) checkDigest(file, { name, list, digest: digests.get(id) })
  return listed
}

function checkDigest(
  file: string,
  input: { name: string; list: AttestedNamespace['list']; digest: { hash: Hash; count: number } | undefined },
): void {
  const { name, list, digest } = input
  if (digest?.count === list.count && digest.hash.digest('hex') === list.sha256) return
  throw new StartupError(`${file} is not the list of this attestation: its digest for namespace ${name} differs.`)
}

async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    const input = fs.createReadStream(file, { highWaterMark: LIST_CHUNK_BYTES })
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  } catch (cause) {
    throw new StartupError(`Cannot read ${file}: ${(cause as Error).message}`, { cause })
  }
}

import type { KeyObject } from 'node:crypto'
import type { BlobWriter, CreateBlobInput } from '#storage-engine/blobs/blob-store.ts'
import type { Body, ChecksumAlgorithm } from '#storage-engine/body.ts'
import { blobAad } from '#storage-engine/crypto/blob-aad.ts'
import { checksumOf, createChecksum } from '#storage-engine/crypto/checksums.ts'
import { sealedSizeOf, sealPieces } from '#storage-engine/crypto/floe.ts'
import { createMd5, md5Of } from '#storage-engine/crypto/md5.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { giveBack, share } from '#storage-engine/given-memory.ts'
import { newId } from '#storage-engine/ids.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { createSealingEncoder } from '#storage-engine/objects/sealing-encoder.ts'
import { createSegmentSealer } from '#storage-engine/objects/segment-sealer.ts'

/** The largest body of one PUT or one part. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const BODY_BYTES_MAX = 5 * 1024 ** 3

/** What a blob row says of the cipher: reads follow it, never the namespace's mode. */
export const CIPHER = { plain: 0, floe: 1 } as const

/** What a blob's header on its node says of the cipher, so that a row which lies about it is found out. */
export function formOf(cipher: number): number {
  return cipher + 1
}

/** Kinds of bytes, bound into the cipher's associated data. */
export const BODY_KIND = 0

export interface RequestedChecksum {
  algorithm: ChecksumAlgorithm
  /** Base64 that the client claims; null when it follows as a trailer, or is only to be computed. */
  value: string | null
}

export interface WriteBodyInput {
  bucket: Pick<Bucket, 'id' | 'namespaceId'>
  /** Of the object version that the bytes will belong to. */
  versionId: string
  /** 0 for a single body. */
  partNumber: number
  body: Body
  /** Seals the body; null writes plaintext. */
  dataKey: KeyObject | Buffer | null
  contentMd5: Buffer | null
  checksums: RequestedChecksum[]
}

export interface WrittenBlob {
  blobId: string
  locator: string
  /** Bytes of plaintext. */
  size: number
  storedSize: number
  cipher: number
}

export interface WrittenBody {
  blob: WrittenBlob
  /** Hexadecimal MD5 of the plaintext. */
  md5: string
  /** Base64 by algorithm, every one verified against what the client claimed. */
  checksums: Map<ChecksumAlgorithm, string>
}

/**
 * Takes one body to disk: digests and cipher in a single pass, durable when it resolves. Until a transaction refers to
 * the blob it is garbage, so a failure at any later point needs no clean-up here.
 * Throws BadDigest, EntityTooLarge, and whatever the body and the blob store throw; nothing is kept then.
 */
export async function writeBody(engine: Engine, input: WriteBodyInput): Promise<WrittenBody> {
  const { declaredSize } = input.body
  if (declaredSize !== null && declaredSize > BODY_BYTES_MAX) throw new StorageError('EntityTooLarge')
  const isSmall = declaredSize !== null && declaredSize <= engine.config.smallObjectBytes
  return isSmall ? writeSmallBody(engine, input, declaredSize) : writeLargeBody(engine, input)
}

async function writeSmallBody(engine: Engine, input: WriteBodyInput, size: number): Promise<WrittenBody> {
  const { plain, isOurs } = await gather(input.body)
  if (plain.length !== size) throw new StorageError('IncompleteBody')
  const md5 = md5Of([plain])
  const checksums = new Map(input.checksums.map(({ algorithm }) => [algorithm, checksumOf(algorithm, plain)]))
  checkClaims(input, md5, checksums)
  const blobId = newId()
  const { dataKey } = input
  const storedSize = storedSizeOf(plain.length, dataKey) as number
  const stored = dataKey === null ? [plain] : sealPieces({ key: dataKey, aad: bodyAad(engine, input, blobId), plain })
  if (isOurs && dataKey !== null) giveBack(plain)
  const writer = createWriter(engine, input, { blobId, size: storedSize, ownsChunks: isOurs || dataKey !== null })
  const { locator } = await commitOrAbort(writer, async () => {
    for (const piece of stored) {
      const wait = writer.write(piece)
      if (wait !== undefined) await wait
    }
  })
  const blob = { blobId, locator, size, storedSize, cipher: cipherOf(dataKey) }
  return { blob, md5: md5.toString('hex'), checksums }
}

/** The whole body as one buffer, and whether its memory is nobody else's. */
async function gather(body: Body): Promise<{ plain: Buffer; isOurs: boolean }> {
  const chunks: Buffer[] = []
  await body.drainTo((chunk) => void chunks.push(chunk))
  if (chunks.length === 1) return { plain: chunks[0] as Buffer, isOurs: body.givesChunksAway }
  const plain = Buffer.concat(chunks)
  if (body.givesChunksAway) for (const chunk of chunks) giveBack(chunk)
  return { plain, isOurs: true }
}

async function writeLargeBody(engine: Engine, input: WriteBodyInput): Promise<WrittenBody> {
  const { body, dataKey } = input
  const blobId = newId()
  const { sink, writer, sharesChunks } = openSink(engine, input, blobId)
  const md5 = createMd5({ ownsChunks: sharesChunks })
  const digests = input.checksums.map(({ algorithm }) => ({ algorithm, digest: createChecksum(algorithm) }))
  let size = 0
  let result: Omit<WrittenBody, 'blob'> | undefined
  const { locator } = await commitOrAbort(writer, async () => {
    await body.drainTo((chunk) => {
      size += chunk.length
      if (size > BODY_BYTES_MAX) throw new StorageError('EntityTooLarge')
      for (const { digest } of digests) digest.update(chunk)
      if (sharesChunks) share(chunk)
      return both(md5.update(chunk), sink.write(chunk))
    })
    await sink.end()
    const digest = await md5.digest()
    const checksums = new Map(digests.map((each) => [each.algorithm, each.digest.digest()]))
    checkClaims(input, digest, checksums)
    result = { md5: digest.toString('hex'), checksums }
  })
  return {
    blob: { blobId, locator, size, storedSize: storedSizeOf(size, dataKey) as number, cipher: cipherOf(dataKey) },
    ...(result as Omit<WrittenBody, 'blob'>),
  }
}

function createWriter(
  engine: Engine,
  input: WriteBodyInput,
  blob: Pick<CreateBlobInput, 'blobId' | 'size' | 'ownsChunks' | 'encoder'>,
): BlobWriter {
  const { bucket, versionId, partNumber } = input
  const form = formOf(cipherOf(input.dataKey))
  const owner = { namespaceId: bucket.namespaceId, bucketId: bucket.id, versionId, partNumber, form }
  return engine.blobs.create({ ...blob, owner })
}

async function commitOrAbort(writer: BlobWriter, write: () => Promise<void>) {
  try {
    await write()
    return await writer.commit()
  } catch (error) {
    await writer.abort()
    throw error
  }
}

interface ByteSink {
  write(chunk: Buffer): void | Promise<void>
  end(): Promise<void>
}

interface OpenSink {
  writer: BlobWriter
  sink: ByteSink
  /** Whether the writer gives the memory of chunks back, as the digest then has to: each reads them in its own time. */
  sharesChunks: boolean
}

/** Which segment is the last one follows from a known size, so that the writer can seal; otherwise a sealer holds back. */
function openSink(engine: Engine, input: WriteBodyInput, blobId: string): OpenSink {
  const { body, dataKey: key } = input
  const { declaredSize } = body
  const size = storedSizeOf(declaredSize, key)
  if (key === null) return plainSink(createWriter(engine, input, { blobId, size, ownsChunks: false }))
  const aad = bodyAad(engine, input, blobId)
  if (declaredSize !== null) {
    const encoder = createSealingEncoder({ key, aad, size: declaredSize })
    const ownsChunks = body.givesChunksAway
    return plainSink(createWriter(engine, input, { blobId, size, ownsChunks, encoder }), { sharesChunks: ownsChunks })
  }
  const writer = createWriter(engine, input, { blobId, size, ownsChunks: true })
  const sink = createSegmentSealer({ key, aad, write: (chunk) => writer.write(chunk) })
  return { writer, sink, sharesChunks: false }
}

function plainSink(writer: BlobWriter, { sharesChunks = false } = {}): OpenSink {
  const sink = { write: (chunk: Buffer) => writer.write(chunk), end: async () => {} }
  return { writer, sink, sharesChunks }
}

function bodyAad(engine: Engine, input: WriteBodyInput, blobId: string): Buffer {
  const { bucket, versionId, partNumber } = input
  return blobAad({
    clusterId: engine.clusterId,
    namespaceId: bucket.namespaceId,
    bucketId: bucket.id,
    versionId,
    blobId,
    partNumber,
    kind: BODY_KIND,
  })
}

function cipherOf(dataKey: KeyObject | Buffer | null): number {
  return dataKey === null ? CIPHER.plain : CIPHER.floe
}

function storedSizeOf(size: number | null, dataKey: KeyObject | Buffer | null): number | null {
  if (size === null || dataKey === null) return size
  return sealedSizeOf(size)
}

/** Compares what arrived with what the client said of it. */
function checkClaims(input: WriteBodyInput, md5: Buffer, computed: Map<ChecksumAlgorithm, string>): void {
  if (input.contentMd5 !== null && !input.contentMd5.equals(md5)) {
    throw new StorageError('BadDigest', { message: 'The Content-MD5 you specified did not match what we received.' })
  }
  for (const { algorithm, value } of input.checksums) {
    const claimed = value ?? input.body.trailingChecksums.get(algorithm)
    if (claimed !== undefined && claimed !== computed.get(algorithm)) {
      throw new StorageError('BadDigest', {
        message: `The ${algorithm} you specified did not match the calculated checksum.`,
      })
    }
  }
}

/** Waits for whichever of the two asks for it, without a promise when neither does. */
function both(first: void | Promise<void>, second: void | Promise<void>): void | Promise<void> {
  if (first === undefined) return second
  if (second === undefined) return first
  return Promise.all([first, second]).then(() => {})
}

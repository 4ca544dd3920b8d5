import type { KeyObject } from 'node:crypto'
import type { ChecksumAlgorithm } from '#storage-engine/body.ts'
import { combineCrcs, compositeChecksum } from '#storage-engine/crypto/checksums.ts'
import { md5Of } from '#storage-engine/crypto/md5.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { EncryptionEpochChanged } from '#storage-engine/metadata/object-versions.ts'
import {
  findPart,
  listParts,
  PartBlobReplaced,
  replacePartBlob,
  type StoredPart,
} from '#storage-engine/metadata/parts.ts'
import { completeUpload as commitUpload, findUpload, type Upload } from '#storage-engine/metadata/uploads.ts'
import type { CustomerKey } from '#storage-engine/objects/encryption.ts'
import { type ObjectEvent, pendingEvent } from '#storage-engine/objects/object-event.ts'
import { rewriteBlob } from '#storage-engine/objects/rewrite-blob.ts'
import { expectWritable } from '#storage-engine/objects/shredded-namespace.ts'
import { uploadKey } from '#storage-engine/objects/uploads.ts'
import { CIPHER } from '#storage-engine/objects/write-body.ts'
import type { ObjectChecksum, WritePrecondition, WrittenObject } from '#storage-engine/objects/write-object.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const PART_BYTES_MIN = 5 * 1024 ** 2
export const PART_COUNT_MAX = 10_000

/** Switches of the namespace and parts that were replaced, by a client or by a migration, between a look and the commit. */
const CHANGES_MAX = 8

export interface NamedPart {
  partNumber: number
  /** Without quotes. */
  etag: string
  /** Base64 by algorithm, as far as the client named them. */
  checksums: ReadonlyMap<ChecksumAlgorithm, string>
}

export interface CompleteUploadInput {
  bucket: Bucket
  key: string
  uploadId: string
  parts: NamedPart[]
  /** Of the whole object, as the client claims it. */
  checksum: { algorithm: ChecksumAlgorithm; value: string } | null
  /** The client's x-amz-checksum-type; must be the one that the upload was opened with. */
  checksumType: 'FULL_OBJECT' | 'COMPOSITE' | null
  /** The client's x-amz-mp-object-size. */
  objectSize: number | null
  precondition: WritePrecondition | null
  /** Without it nobody hears of the object. */
  event?: ObjectEvent | undefined
  customerKey?: CustomerKey
}

/**
 * Makes the named parts the object, in one transaction. A retry of a Complete that succeeded gives the same answer.
 * Throws NoSuchUpload, InvalidPart, InvalidPartOrder, EntityTooSmall, BadDigest, InvalidRequest, PreconditionFailed,
 * and what openVersionKey throws.
 */
export async function completeUpload(engine: Engine, input: CompleteUploadInput): Promise<WrittenObject> {
  let { bucket } = input
  for (let attempt = 0; attempt <= CHANGES_MAX; attempt++) {
    try {
      return await completeOnce(engine, { ...input, bucket })
    } catch (error) {
      if (error instanceof PartBlobReplaced) continue
      if (!(error instanceof EncryptionEpochChanged)) throw error
      const found = await findBucket(engine.db, { name: bucket.name })
      if (found === null || found.id !== bucket.id) throw new StorageError('NoSuchBucket')
      expectWritable(found)
      bucket = found
    }
  }
  throw new StorageError('ServiceUnavailable')
}

async function completeOnce(engine: Engine, input: CompleteUploadInput): Promise<WrittenObject> {
  const { bucket, key, uploadId, precondition } = input
  const upload = await findUpload(engine.db, { bucketId: bucket.id, key, uploadId })
  if (upload === null || upload.state === 'aborted')
    throw new StorageError('NoSuchUpload', { extra: { UploadId: uploadId } })
  // A customer's key must come with every request; the others are not needed unless there is something to seal.
  if (input.customerKey || upload.settings?.encryption?.kind === 'customer')
    await uploadKey(engine, { bucket, upload, customerKey: input.customerKey })
  const parts = inOrder(input.parts)
  const chosen = chooseParts(parts, await readParts(engine, uploadId))
  const etag = multipartEtag(parts)
  const size = chosen.reduce((sum, part) => sum + part.size, 0)
  if (input.objectSize !== null && input.objectSize !== size) {
    throw new StorageError('InvalidRequest', {
      message: 'The provided x-amz-mp-object-size header value does not match the object size.',
    })
  }
  const checksum = checksumOfParts(input, upload, chosen)
  if (upload.state === 'open')
    await sealPlainParts(engine, { bucket, upload, customerKey: input.customerKey, parts: chosen })
  const { lastModified, versionId, sealed } = await commitUpload(engine.db, {
    bucket,
    uploadId,
    etag,
    size,
    checksum,
    parts: chosen.map(({ partNumber, blob }) => ({ partNumber, blobId: blob.blobId })),
    precondition,
    events: pendingEvent(bucket, key, input.event),
  })
  return {
    etag,
    versionId,
    size,
    lastModified,
    checksum,
    sealed,
    encryption: upload.settings?.encryption ?? null,
  }
}

/** In ascending order. A part that is named twice in a row, as a client does that sent it twice, is the one it named last. */
function inOrder(parts: NamedPart[]): NamedPart[] {
  if (parts.length === 0 || parts.length > PART_COUNT_MAX) throw new StorageError('MalformedXML')
  const kept: NamedPart[] = []
  for (const part of parts) {
    const before = kept.at(-1)
    if (before !== undefined && part.partNumber < before.partNumber) throw new StorageError('InvalidPartOrder')
    if (part.partNumber === before?.partNumber) kept.pop()
    kept.push(part)
  }
  return kept
}

/** MD5 of the parts' MD5s, and how many they are: AWS documents the form, and clients rely on it. */
function multipartEtag(parts: NamedPart[]): string {
  const digest = md5Of(parts.map(({ etag }) => Buffer.from(etag, 'hex')))
  return `${digest.toString('hex')}-${parts.length}`
}

async function readParts(engine: Engine, uploadId: string): Promise<Map<number, StoredPart>> {
  const parts = await listParts(engine.db, { uploadId, after: 0, limit: PART_COUNT_MAX })
  return new Map(parts.map((part) => [part.partNumber, part]))
}

function chooseParts(named: NamedPart[], stored: Map<number, StoredPart>): StoredPart[] {
  return named.map((part, index) => {
    const found = stored.get(part.partNumber)
    if (found === undefined || found.etag !== part.etag || !hasChecksums(found, part)) {
      throw new StorageError('InvalidPart', { extra: { PartNumber: String(part.partNumber), ETag: part.etag } })
    }
    if (found.size < PART_BYTES_MIN && index < named.length - 1) {
      throw new StorageError('EntityTooSmall', {
        extra: {
          ETag: part.etag,
          MinSizeAllowed: String(PART_BYTES_MIN),
          ProposedSize: String(found.size),
          PartNumber: String(part.partNumber),
        },
      })
    }
    return found
  })
}

function hasChecksums(stored: StoredPart, named: NamedPart): boolean {
  for (const [algorithm, value] of named.checksums) {
    const own = stored.checksums?.[algorithm]
    if (own !== undefined && own !== value) return false
  }
  return true
}

function checksumOfParts(input: CompleteUploadInput, upload: Upload, parts: StoredPart[]): ObjectChecksum | null {
  const algorithm = upload.checksumAlgorithm as ChecksumAlgorithm | null
  const type = upload.checksumType
  if (input.checksumType !== null && type !== null && input.checksumType !== type) {
    throw new StorageError('InvalidRequest', {
      message: `The upload was created using the ${type} checksum mode. The complete request must use the same checksum mode.`,
    })
  }
  if (algorithm === null || type === null) return null
  const values = parts.map((part) => ({ value: part.checksums?.[algorithm] as string, size: part.size }))
  const value =
    type === 'FULL_OBJECT'
      ? combineCrcs(algorithm as 'CRC32' | 'CRC32C' | 'CRC64NVME', values)
      : compositeChecksum(
          algorithm,
          values.map((each) => each.value),
        )
  if (input.checksum !== null && input.checksum.algorithm === algorithm && !claimHolds(input.checksum.value, value)) {
    throw new StorageError('BadDigest', {
      message: `The ${algorithm} you specified did not match the calculated checksum.`,
    })
  }
  return { algorithm, type, value }
}

/** Some SDKs send a composite checksum without its `-N`. */
function claimHolds(claimed: string, value: string): boolean {
  return claimed === value || value.startsWith(`${claimed}-`)
}

/** ENC-1 for parts that were stored before the namespace was switched on. */
async function sealPlainParts(
  engine: Engine,
  input: { bucket: Bucket; upload: Upload; customerKey?: CustomerKey; parts: StoredPart[] },
): Promise<void> {
  const { bucket, upload } = input
  if (bucket.encryptionMode === 'off' && upload.settings?.encryption === undefined) return
  for (const part of input.parts) {
    if (part.blob.cipher !== CIPHER.plain) continue
    const versionKey = await uploadKey(engine, input)
    if (versionKey === null) return
    part.blob = await sealPart(engine, { bucket, uploadId: upload.id, part, key: versionKey.key })
  }
}

/** A migration may be sealing the same parts, one ahead of us all the way: what it has sealed is as good as what we would. */
async function sealPart(
  engine: Engine,
  { bucket, uploadId, part, key }: { bucket: Bucket; uploadId: string; part: StoredPart; key: KeyObject },
): Promise<StoredPart['blob']> {
  const { partNumber, blob: plain } = part
  try {
    const rewrite = { bucket, versionId: uploadId, partNumber, blob: plain, from: null, to: key }
    const blob = await rewriteBlob(engine, rewrite)
    const { namespaceId } = bucket
    await replacePartBlob(engine.db, { uploadId, partNumber, namespaceId, from: plain.blobId, blob })
    return blob
  } catch (error) {
    const now = await findPart(engine.db, { uploadId, partNumber })
    if (now?.blob.blobId === plain.blobId) throw error
    if (now?.etag !== part.etag || now.blob.cipher === CIPHER.plain) throw new PartBlobReplaced()
    return now.blob
  }
}

import type { Body, ChecksumAlgorithm } from '#storage-engine/body.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { commitObject, EncryptionEpochChanged } from '#storage-engine/metadata/object-versions.ts'
import type { ObjectEncryption, ObjectLock, ObjectSettings } from '#storage-engine/object-settings.ts'
import { dataKeyFor, etagOf, type SecondKey, type VersionKey, wrapAnew } from '#storage-engine/objects/data-key.ts'
import { planEncryption, type RequestedEncryption, withEncryption } from '#storage-engine/objects/encryption.ts'
import { type ObjectEvent, pendingEvent } from '#storage-engine/objects/object-event.ts'
import { rewriteBlob } from '#storage-engine/objects/rewrite-blob.ts'
import { expectWritable } from '#storage-engine/objects/shredded-namespace.ts'
import { CIPHER, type RequestedChecksum, type WrittenBody, writeBody } from '#storage-engine/objects/write-body.ts'

/** The switch of a namespace may be thrown while a write is under way; more often than this within one write is refused. */
const EPOCH_CHANGES_MAX = 3

export interface ObjectDescription {
  contentType: string
  /** By lower-case name; null when none. */
  systemHeaders: Record<string, string> | null
  /** Without the x-amz-meta- prefix; null when none. */
  userMetadata: Record<string, string> | null
}

export interface WritePrecondition {
  /** ETag without quotes that the current version must not have, or `*`: there must be none. */
  ifNoneMatch?: string
  /** ETag without quotes, or `*`. */
  ifMatch?: string
}

export interface WriteObjectInput extends ObjectDescription {
  bucket: Bucket
  key: string
  body: Body
  ownerId: string
  contentMd5: Buffer | null
  checksum: RequestedChecksum | null
  precondition: WritePrecondition | null
  /** Without the encryption, which is asked for below. */
  settings: ObjectSettings | null
  lock: ObjectLock | null
  encryption: RequestedEncryption
  /** Without it nobody hears of the write. */
  event?: ObjectEvent | undefined
}

export interface ObjectChecksum {
  algorithm: ChecksumAlgorithm
  type: 'FULL_OBJECT' | 'COMPOSITE'
  /** Base64, with `-N` when composite. */
  value: string
}

export interface WrittenObject {
  /** Without quotes. */
  etag: string
  /** As S3 shows it; null in a bucket that was never versioned. */
  versionId: string | null
  size: number
  lastModified: Date
  checksum: ObjectChecksum | null
  sealed: boolean
  /** As it was asked for by request or bucket; null when only the namespace's mode counted. */
  encryption: ObjectEncryption | null
}

/**
 * Stores a body as the current version of a key: bytes durable first, then one transaction, then the answer.
 * Throws BadDigest, EntityTooLarge, PreconditionFailed, NoSuchBucket, ServiceUnavailable, InsufficientStorage, and what
 * planEncryption throws; the key then reads as it did before.
 */
export async function writeObject(engine: Engine, input: WriteObjectInput): Promise<WrittenObject> {
  const versionId = newId()
  const { bucket } = input
  const planned = planEncryption(engine, { bucket, requested: input.encryption })
  const { encryption, second } = planned instanceof Promise ? await planned : planned
  const wantsSeal = encryption !== null || bucket.encryptionMode === 'on'
  const size = input.body.declaredSize
  const versionKey = wantsSeal ? await dataKeyFor(engine, { bucket, versionId, second, size }) : null
  const written = await writeBody(engine, {
    bucket,
    versionId,
    partNumber: 0,
    body: input.body,
    dataKey: versionKey?.key ?? null,
    contentMd5: input.contentMd5,
    checksums: input.checksum === null ? [] : [input.checksum],
  })
  return commitWritten(engine, { ...input, encryption, second, versionId, versionKey, written })
}

interface Uncommitted extends Omit<WriteObjectInput, 'encryption'> {
  encryption: ObjectEncryption | null
  second: SecondKey | null
  versionId: string
  versionKey: VersionKey | null
  written: WrittenBody
}

/** ENC-1: what was prepared under another epoch, or a retired key, is sealed or wrapped again, and only then committed. */
async function commitWritten(engine: Engine, prepared: Uncommitted): Promise<WrittenObject> {
  let current = prepared
  for (let attempt = 0; attempt <= EPOCH_CHANGES_MAX; attempt++) {
    try {
      return await commitOnce(engine, current)
    } catch (error) {
      if (!(error instanceof EncryptionEpochChanged)) throw error
      current = await adaptToMode(engine, current)
    }
  }
  throw new StorageError('ServiceUnavailable')
}

async function commitOnce(engine: Engine, current: Uncommitted): Promise<WrittenObject> {
  const { bucket, versionId, versionKey, written, encryption } = current
  const etag = etagOf(written.md5, versionKey === null ? null : { key: versionKey.key, encryption })
  const checksum = checksumOfWritten(current)
  const committed = await commitObject(engine.db, {
    bucket,
    key: current.key,
    versionId,
    ownerId: current.ownerId,
    etag,
    size: written.blob.size,
    contentType: current.contentType,
    systemHeaders: current.systemHeaders,
    userMetadata: current.userMetadata,
    checksum,
    settings: withEncryption(current.settings, encryption),
    lock: current.lock,
    blob: written.blob,
    wrappedDataKey: versionKey?.wrapped ?? null,
    namespaceKeyVersion: versionKey?.namespaceKeyVersion ?? null,
    events: pendingEvent(bucket, current.key, current.event),
    precondition: current.precondition,
  })
  const sealed = written.blob.cipher !== CIPHER.plain
  return { etag, size: written.blob.size, checksum, sealed, encryption, ...committed }
}

function checksumOfWritten({ checksum, written }: Uncommitted): ObjectChecksum | null {
  if (checksum === null) return null
  const { algorithm } = checksum
  return { algorithm, type: 'FULL_OBJECT', value: written.checksums.get(algorithm) as string }
}

/**
 * Plain bytes are never committed under another setting of the switch than they were written under, also not when it was
 * thrown twice: a migration takes what it finds in between for dead and wipes it.
 */
async function adaptToMode(engine: Engine, current: Uncommitted): Promise<Uncommitted> {
  const bucket = await findBucket(engine.db, { name: current.bucket.name })
  if (bucket === null || bucket.id !== current.bucket.id) throw new StorageError('NoSuchBucket')
  expectWritable(bucket)
  const { versionId, written, second } = current
  const { blob: plain } = written
  if (current.versionKey !== null) {
    const isOutdated = bucket.keyEpoch !== current.bucket.keyEpoch
    const input = { bucket, versionId, second, versionKey: current.versionKey }
    return { ...current, bucket, versionKey: isOutdated ? await wrapAnew(engine, input) : current.versionKey }
  }
  const isSealing = bucket.encryptionMode === 'on'
  const { size } = plain
  const versionKey = isSealing ? await dataKeyFor(engine, { bucket, versionId, second: null, size }) : null
  const to = versionKey?.key ?? null
  const blob = await rewriteBlob(engine, { bucket, versionId, partNumber: 0, blob: plain, from: null, to })
  await engine.blobs.erase([plain])
  return { ...current, bucket, versionKey, written: { ...written, blob } }
}

import type { Body, ChecksumAlgorithm } from '#storage-engine/body.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { EncryptionEpochChanged, type ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { putPart } from '#storage-engine/metadata/parts.ts'
import { findUpload, insertUpload, setUploadDataKey, type Upload } from '#storage-engine/metadata/uploads.ts'
import type { ObjectEncryption, ObjectLock, ObjectSettings } from '#storage-engine/object-settings.ts'
import { dataKeyFor, etagOf, type VersionKey } from '#storage-engine/objects/data-key.ts'
import {
  type CustomerKey,
  openVersionKey,
  planEncryption,
  type RequestedEncryption,
  withEncryption,
} from '#storage-engine/objects/encryption.ts'
import { readObject } from '#storage-engine/objects/read-object.ts'
import { bodyFrom, rewriteBlob } from '#storage-engine/objects/rewrite-blob.ts'
import { expectWritable } from '#storage-engine/objects/shredded-namespace.ts'
import { CIPHER, type RequestedChecksum, type WrittenBody, writeBody } from '#storage-engine/objects/write-body.ts'
import type { ObjectDescription } from '#storage-engine/objects/write-object.ts'

const EPOCH_CHANGES_MAX = 3

export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

export interface CreateUploadInput extends ObjectDescription {
  bucket: Bucket
  key: string
  ownerId: string
  /** Who begins it: the id of an object user, a storage account or a role. */
  initiatorId: string
  checksum: { algorithm: ChecksumAlgorithm; type: ChecksumType } | null
  /** Of the object to come, without the encryption, which is asked for below. */
  settings: ObjectSettings | null
  lock: ObjectLock | null
  encryption: RequestedEncryption
}

export interface WrittenPart {
  /** Without quotes. */
  etag: string
  size: number
  lastModified: Date
  /** Base64 by algorithm. */
  checksums: Map<ChecksumAlgorithm, string>
  sealed: boolean
  encryption: ObjectEncryption | null
}

/** Opens a multipart upload. Its id is also the version id of the object to come, so parts are sealed for it at once. Throws what planEncryption throws. */
export async function createUpload(
  engine: Engine,
  input: CreateUploadInput,
): Promise<{ uploadId: string; sealed: boolean; encryption: ObjectEncryption | null }> {
  const uploadId = newId()
  let { bucket } = input
  const { encryption, second } = await planEncryption(engine, { bucket, requested: input.encryption })
  const wantsSeal = encryption !== null || bucket.encryptionMode === 'on'
  for (let attempt = 0; attempt <= EPOCH_CHANGES_MAX; attempt++) {
    const versionKey = wantsSeal ? await dataKeyFor(engine, { bucket, versionId: uploadId, second, size: null }) : null
    try {
      await storeUpload(engine, { ...input, uploadId, encryption, versionKey })
      return { uploadId, sealed: wantsSeal, encryption }
    } catch (error) {
      if (!(error instanceof EncryptionEpochChanged)) throw error
      bucket = await sameBucket(engine, bucket)
    }
  }
  throw new StorageError('ServiceUnavailable')
}

function storeUpload(
  engine: Engine,
  input: Omit<CreateUploadInput, 'encryption'> & {
    uploadId: string
    encryption: ObjectEncryption | null
    versionKey: VersionKey | null
  },
): Promise<void> {
  const { uploadId, bucket, encryption, versionKey } = input
  return insertUpload(engine.db, {
    id: uploadId,
    bucketId: bucket.id,
    key: input.key,
    initiatorId: input.initiatorId,
    ownerId: input.ownerId,
    contentType: input.contentType,
    systemHeaders: input.systemHeaders,
    userMetadata: input.userMetadata,
    checksumAlgorithm: input.checksum?.algorithm ?? null,
    checksumType: input.checksum?.type ?? null,
    settings: withEncryption(input.settings, encryption),
    lock: input.lock,
    wrappedDataKey: versionKey?.wrapped ?? null,
    namespaceKeyVersion: versionKey?.namespaceKeyVersion ?? null,
  })
}

/** The open upload of that id, bucket and key; NoSuchUpload otherwise. */
export async function getUpload(
  engine: Engine,
  input: { bucket: Bucket; key: string; uploadId: string },
): Promise<Upload> {
  const upload = await findUpload(engine.db, { bucketId: input.bucket.id, key: input.key, uploadId: input.uploadId })
  if (upload === null || upload.state !== 'open')
    throw new StorageError('NoSuchUpload', { extra: { UploadId: input.uploadId } })
  return upload
}

export interface WritePartInput {
  bucket: Bucket
  upload: Upload
  /** 1 to 10,000. */
  partNumber: number
  body: Body
  contentMd5: Buffer | null
  checksum: RequestedChecksum | null
  customerKey?: CustomerKey
}

/** Stores one part; a part of the same number is replaced, in commit order. Throws as writeObject and openVersionKey do, and NoSuchUpload. */
export async function writePart(engine: Engine, input: WritePartInput): Promise<WrittenPart> {
  const { bucket, upload } = input
  const versionKey = await uploadKey(engine, input)
  const written = await writeBody(engine, {
    bucket,
    versionId: upload.id,
    partNumber: input.partNumber,
    body: input.body,
    dataKey: versionKey?.key ?? null,
    contentMd5: input.contentMd5,
    checksums: partChecksums(input),
  })
  return commitPart(engine, { ...input, versionKey, written })
}

/** Stores a range of an existing object as a part. `range` is inclusive; null copies all of it. */
export async function copyPart(
  engine: Engine,
  input: Omit<WritePartInput, 'body' | 'contentMd5' | 'checksum'> & {
    source: { bucket: Bucket; object: ObjectVersion; customerKey?: CustomerKey }
    range: { start: number; end: number } | null
  },
): Promise<WrittenPart> {
  const { source, range, ...part } = input
  const size = range === null ? source.object.size : range.end - range.start + 1
  const body = bodyFrom(readObject(engine, { ...source, range }), size)
  return writePart(engine, { ...part, body, contentMd5: null, checksum: null })
}

/** What the client sent, and the upload's own algorithm besides, which Complete will need. */
function partChecksums({ checksum, upload }: WritePartInput): RequestedChecksum[] {
  const requested = checksum === null ? [] : [checksum]
  const own = upload.checksumAlgorithm as ChecksumAlgorithm | null
  if (own !== null && checksum?.algorithm !== own) requested.push({ algorithm: own, value: null })
  return requested
}

async function commitPart(
  engine: Engine,
  input: WritePartInput & { versionKey: VersionKey | null; written: WrittenBody },
): Promise<WrittenPart> {
  let { bucket, written } = input
  const { upload, partNumber, versionKey, customerKey } = input
  const encryption = upload.settings?.encryption ?? null
  const etag = etagOf(written.md5, versionKey === null ? null : { key: versionKey.key, encryption })
  for (let attempt = 0; attempt <= EPOCH_CHANGES_MAX; attempt++) {
    try {
      const { checksums, blob } = written
      const { lastModified } = await putPart(engine.db, {
        bucket,
        uploadId: upload.id,
        partNumber,
        size: blob.size,
        etag,
        checksums: Object.fromEntries(checksums),
        blob,
      })
      const sealed = blob.cipher !== CIPHER.plain
      return { etag, size: blob.size, lastModified, checksums, sealed, encryption }
    } catch (error) {
      if (!(error instanceof EncryptionEpochChanged)) throw error
      bucket = await sameBucket(engine, bucket)
      written = await adaptToMode(engine, { bucket, upload, partNumber, written, customerKey })
    }
  }
  throw new StorageError('ServiceUnavailable')
}

async function sameBucket(engine: Engine, bucket: Bucket): Promise<Bucket> {
  const found = await findBucket(engine.db, { name: bucket.name })
  if (found === null || found.id !== bucket.id) throw new StorageError('NoSuchBucket')
  expectWritable(found)
  return found
}

/** As for whole objects: plain bytes are written anew under each setting of the switch. */
async function adaptToMode(
  engine: Engine,
  input: Pick<WritePartInput, 'bucket' | 'upload' | 'partNumber' | 'customerKey'> & { written: WrittenBody },
): Promise<WrittenBody> {
  const { bucket, upload, partNumber, written } = input
  const { blob: plain } = written
  if (plain.cipher !== CIPHER.plain) return written
  const to = (await uploadKey(engine, input))?.key ?? null
  const blob = await rewriteBlob(engine, { bucket, versionId: upload.id, partNumber, blob: plain, from: null, to })
  await engine.blobs.erase([plain])
  return { ...written, blob }
}

/**
 * The data key that the upload's parts are to be sealed with; made now when the upload was opened before its namespace was
 * switched on. Null: write plaintext. Throws what openVersionKey throws.
 */
export async function uploadKey(
  engine: Engine,
  input: { bucket: Bucket; upload: Upload; customerKey?: CustomerKey },
): Promise<VersionKey | null> {
  const { bucket, upload, customerKey } = input
  expectWritable(bucket)
  if (upload.wrappedDataKey === null && bucket.encryptionMode === 'on') await makeUploadKey(engine, { bucket, upload })
  // One that was opened before its namespace was switched off keeps its key, for the parts that are sealed already.
  const isWanted = bucket.encryptionMode === 'on' || upload.settings?.encryption !== undefined
  const version = { ...upload, versionId: upload.id, ...(!isWanted && NO_KEY) }
  const key = await openVersionKey(engine, { bucket, version, customerKey, isUpload: true })
  if (key === null) return null
  return { key, wrapped: version.wrappedDataKey as Buffer, namespaceKeyVersion: version.namespaceKeyVersion as number }
}

const NO_KEY = { wrappedDataKey: null, namespaceKeyVersion: null }

/** Two parts may race to set the key: the first wins, and both use what is stored. */
async function makeUploadKey(engine: Engine, input: { bucket: Bucket; upload: Upload }): Promise<void> {
  const { upload } = input
  let { bucket } = input
  for (let attempt = 0; attempt <= EPOCH_CHANGES_MAX; attempt++) {
    const made = await dataKeyFor(engine, { bucket, versionId: upload.id, second: null, size: null })
    const { wrapped: wrappedDataKey, namespaceKeyVersion } = made
    try {
      Object.assign(
        upload,
        await setUploadDataKey(engine.db, { uploadId: upload.id, wrappedDataKey, namespaceKeyVersion }),
      )
      return
    } catch (error) {
      if (!(error instanceof EncryptionEpochChanged)) throw error
      bucket = await sameBucket(engine, bucket)
    }
  }
  throw new StorageError('ServiceUnavailable')
}

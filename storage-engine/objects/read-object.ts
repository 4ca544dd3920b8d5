import type { KeyObject } from 'node:crypto'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { findVersionKey } from '#storage-engine/metadata/find-version-key.ts'
import type { ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { findPart, listPartsInRange, type PlacedPart } from '#storage-engine/metadata/parts.ts'
import { type CustomerKey, openVersionKey } from '#storage-engine/objects/encryption.ts'
import {
  type BlobSource,
  isSealedBlob,
  isSmallBlob,
  type PlainRange,
  readBlob,
  readSmallBlob,
} from '#storage-engine/objects/read-blob.ts'
import { checkReadable } from '#storage-engine/objects/storage-class.ts'
import { formOf, type WrittenBlob } from '#storage-engine/objects/write-body.ts'

/** Parts looked up at a time while a multipart object is read. */
const PARTS_PAGE = 100
/** Of the same bytes while one read of them goes on: the switch can hardly be thrown and followed so often. */
const CONVERSIONS_MAX = 5

export interface ReadObjectInput {
  bucket: Bucket
  object: ObjectVersion
  customerKey?: CustomerKey
  /** Inclusive on both ends, inside the object; null reads all of it. */
  range: { start: number; end: number } | null
}

/**
 * Yields the object's bytes, each verified before it is yielded. Throws (and the door then breaks the connection) rather
 * than end short; before the first byte, what openVersionKey throws, and InvalidObjectState of an archived version.
 */
export async function* readObject(engine: Engine, input: ReadObjectInput): AsyncGenerator<Buffer> {
  const { object } = input
  if (object.settings !== null) checkReadable(engine.config, object.settings)
  checkAgreement(object)
  const range =
    input.range === null ? { start: 0, end: object.size } : { start: input.range.start, end: input.range.end + 1 }
  const dataKey = await openDataKey(engine, input)
  if (object.blob !== null && object.size === 0) {
    // Nothing to yield, but that there is nothing has to verify as well.
    await readSmallBlob(engine, sourceOf(input, { blob: object.blob, partNumber: 0, dataKey }))
    return
  }
  if (object.blob !== null) {
    yield* readConvertible(engine, input, {
      source: sourceOf(input, { blob: object.blob, partNumber: 0, dataKey }),
      range,
    })
    return
  }
  for await (const part of partsInRange(engine, object, range)) {
    const { partNumber, blob, offset } = part
    const within = { start: Math.max(range.start - offset, 0), end: Math.min(range.end - offset, part.size) }
    // A part that was sealed since the version was looked up brought it its key.
    const key = isSealedBlob(blob) && dataKey === null ? await findKeyNow(engine, input) : dataKey
    yield* readConvertible(engine, input, {
      source: sourceOf(input, { blob, partNumber, dataKey: key }),
      range: within,
    })
  }
}

/** The whole object when it is one small blob, else null: the short way for the door's hot path. */
export function readSmallObject(
  engine: Engine,
  input: Omit<ReadObjectInput, 'range'>,
): Buffer | Promise<Buffer> | null {
  const { blob, settings } = input.object
  if (settings !== null) checkReadable(engine.config, settings)
  if (blob === null || !isSmallBlob(blob)) return null
  checkAgreement(input.object)
  const dataKey = openDataKey(engine, input)
  const read = (key: KeyObject | null) =>
    readSmallConvertible(engine, input, sourceOf(input, { blob, partNumber: 0, dataKey: key }))
  return dataKey instanceof Promise ? dataKey.then(read) : read(dataKey)
}

/** A migration may put the bytes into another blob while they are read: the read goes on there, where it was. */
async function* readConvertible(
  engine: Engine,
  input: Omit<ReadObjectInput, 'range'>,
  { source: first, range }: { source: BlobSource; range: PlainRange },
): AsyncGenerator<Buffer> {
  const { end } = range
  let { start } = range
  let source = first
  for (let conversions = 0; ; conversions++) {
    try {
      for await (const piece of readBlob(engine, source, { start, end })) {
        start += piece.length
        yield piece
      }
      return
    } catch (error) {
      source = await findConverted(engine, input, { source, error, conversions })
    }
  }
}

function readSmallConvertible(
  engine: Engine,
  input: Omit<ReadObjectInput, 'range'>,
  source: BlobSource,
): Buffer | Promise<Buffer> {
  const follow = async (error: unknown) => {
    const chunks: Buffer[] = []
    const range = { start: 0, end: source.blob.size }
    const converted = await findConverted(engine, input, { source, error, conversions: 0 })
    for await (const chunk of readConvertible(engine, input, { source: converted, range })) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  try {
    const bytes = readSmallBlob(engine, source)
    return bytes instanceof Promise ? bytes.catch(follow) : bytes
  } catch (error) {
    return follow(error)
  }
}

/** Where the same bytes are now. Throws `error` when they are where they were: then it has another cause. */
async function findConverted(
  engine: Engine,
  input: Omit<ReadObjectInput, 'range'>,
  { source, error, conversions }: { source: BlobSource; error: unknown; conversions: number },
): Promise<BlobSource> {
  const isGone = error instanceof StorageError && error.code === 'InternalError'
  if (!isGone || conversions >= CONVERSIONS_MAX) throw error
  const { bucketId, key, versionId, uploadId } = input.object
  const { partNumber } = source
  const version = await findVersionKey(engine.db, { bucketId, key, versionId })
  const part = partNumber === 0 ? version : await findPart(engine.db, { uploadId: uploadId as string, partNumber })
  const blob = part?.blob ?? null
  if (blob === null || blob.blobId === source.blob.blobId) throw error
  return sourceOf(input, { blob, partNumber, dataKey: await findKeyNow(engine, input) })
}

async function findKeyNow(engine: Engine, input: Omit<ReadObjectInput, 'range'>): Promise<KeyObject | null> {
  const { bucketId, key, versionId } = input.object
  const found = await findVersionKey(engine.db, { bucketId, key, versionId })
  return found === null ? null : openDataKey(engine, { ...input, object: { ...input.object, ...found } })
}

/** True when all of an object's bytes are sealed on disk, whatever its namespace says today. */
export function isSealed(object: ObjectVersion): boolean {
  return object.wrappedDataKey !== null && object.sealedSize === object.size
}

/**
 * Throws InvalidRequest unless the customer's key is there when the object has one, and is the one: HEAD needs it too,
 * though it reads nothing. Without a promise for all other objects.
 */
export function checkCustomerKey(engine: Engine, input: Omit<ReadObjectInput, 'range'>): void | Promise<void> {
  const isWanted = input.object.settings?.encryption?.kind === 'customer'
  if (!input.customerKey && !isWanted) return
  return Promise.resolve(openDataKey(engine, input)).then(() => {})
}

function openDataKey(
  engine: Engine,
  { bucket, object, customerKey }: Omit<ReadObjectInput, 'range'>,
): KeyObject | null | Promise<KeyObject | null> {
  return openVersionKey(engine, { bucket, version: object, customerKey })
}

/** What the rows of a version and of its only blob say must fit together: no byte is sent on the word of one of them. */
function checkAgreement({ blob, size, sealedSize }: ObjectVersion): void {
  if (blob === null) return
  if (blob.size !== size || sealedSize !== (isSealedBlob(blob) ? size : 0)) {
    throw contradiction(`the version of blob ${blob.blobId} says something else than the blob`)
  }
}

function contradiction(message: string): StorageError {
  return new StorageError('InternalError', { cause: new Error(message) })
}

/** A blob that says it is sealed is never read without a key, and one that says it is plain never with one. */
function sourceOf(
  { bucket, object }: Pick<ReadObjectInput, 'bucket' | 'object'>,
  input: { blob: WrittenBlob; partNumber: number; dataKey: KeyObject | null },
): BlobSource {
  const { blob, partNumber } = input
  const isSealedBytes = isSealedBlob(blob)
  if (isSealedBytes && input.dataKey === null) {
    throw contradiction(`blob ${blob.blobId} is sealed but its version has no key`)
  }
  const dataKey = isSealedBytes ? input.dataKey : null
  return {
    blob,
    partNumber,
    form: formOf(blob.cipher),
    dataKey,
    namespaceId: bucket.namespaceId,
    bucketId: bucket.id,
    versionId: object.versionId,
  }
}

/** The parts of a range, in order and without a gap. Throws where their rows contradict each other or the version's. */
async function* partsInRange(
  engine: Engine,
  object: ObjectVersion,
  range: { start: number; end: number },
): AsyncGenerator<PlacedPart> {
  let { start } = range
  while (start < range.end) {
    const page = await listPartsInRange(engine.db, {
      uploadId: object.uploadId as string,
      start,
      end: range.end,
      limit: PARTS_PAGE,
    })
    for (const part of page) {
      const isInPlace = part.offset <= start && part.offset === part.endBefore
      if (!isInPlace || part.size !== part.blob.size || part.offset + part.size > object.size) {
        throw contradiction(`the rows of part ${part.partNumber} of version ${object.versionId} do not fit together`)
      }
      start = part.offset + part.size
      yield part
    }
    if (page.length === 0) throw contradiction(`parts of version ${object.versionId} are missing`)
  }
}

import type { KeyObject } from 'node:crypto'
import { BlobMovedError } from '#storage-engine/blobs/blob-errors.ts'
import { type BlobOwner, type BlobRange, READ_SCRATCH_BYTES } from '#storage-engine/blobs/blob-store.ts'
import {
  FLOE_HEADER_BYTES,
  type FloeOpener,
  PLAIN_SEGMENT_BYTES,
  SEALED_SEGMENT_BYTES,
  sealedSizeOf,
} from '#storage-engine/crypto/floe.ts'
import { openerFor } from '#storage-engine/crypto/kept-opener.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { giveBack } from '#storage-engine/given-memory.ts'
import { findBlobLocator } from '#storage-engine/metadata/garbage.ts'
import { freeScratch, takeScratch } from '#storage-engine/objects/scratch.ts'
import { BODY_KIND, CIPHER, type WrittenBlob } from '#storage-engine/objects/write-body.ts'

/** Segments fetched in one read: 256 KiB of plaintext. */
const WINDOW_SEGMENTS = 4
/** A blob may move again while its new place is looked up; more often than this means that something is wrong. */
const MOVES_MAX = 3

export interface BlobSource extends BlobOwner {
  blob: WrittenBlob
  /** Present exactly when the blob is sealed. */
  dataKey: KeyObject | null
}

/** Byte range of the plaintext; `end` is exclusive. */
export interface PlainRange {
  start: number
  end: number
}

/**
 * Yields the plaintext of a range, in pieces of at most 256 KiB that are the caller's alone, reading one window ahead. No
 * byte leaves before its segment's tag (or checksum) is verified. Throws on anything that does not verify; what was yielded before stays true.
 */
export async function* readBlob(engine: Engine, source: BlobSource, range: PlainRange): AsyncGenerator<Buffer> {
  if (range.start >= range.end) return
  checkSizes(source.blob)
  const windows = source.dataKey === null ? plainWindows(engine, source) : sealedWindows(engine, source)
  const first = Math.floor(range.start / PLAIN_SEGMENT_BYTES)
  const last = Math.floor((range.end - 1) / PLAIN_SEGMENT_BYTES)
  let ahead = prefetch(windows, first, last)
  for (let segment = first; segment <= last; segment += WINDOW_SEGMENTS) {
    const pieces = await ahead
    const next = segment + WINDOW_SEGMENTS
    if (next <= last) ahead = prefetch(windows, next, last)
    let base = segment * PLAIN_SEGMENT_BYTES
    for (const piece of pieces) {
      const { length } = piece
      yield piece.subarray(Math.max(range.start - base, 0), Math.min(range.end - base, length))
      // The piece may be given back by now.
      base += length
    }
  }
}

/** The whole plaintext of a blob that fits into one window, without a stream around it. It is the caller's alone. */
export function readSmallBlob(engine: Engine, source: BlobSource): Buffer | Promise<Buffer> {
  const { blob, dataKey } = source
  checkSizes(blob)
  if (blob.size === 0 && dataKey === null) return Buffer.alloc(0)
  const range = { offset: 0, length: blob.storedSize }
  if (dataKey === null) return readStored(engine, source, range)
  const scratch = takeScratch(blob.storedSize)
  const stored = readStored(engine, source, range, scratch)
  return stored instanceof Promise
    ? stored.then((bytes) => openFrom(engine, source, bytes, scratch))
    : openFrom(engine, source, stored, scratch)
}

/** Nobody reads into the scratch any more once there is an answer; where there is none, it is left to the collector. */
function openFrom(engine: Engine, source: BlobSource, stored: Buffer, scratch: Buffer): Buffer | Promise<Buffer> {
  try {
    const opened = openWhole(engine, source, stored)
    freeScratch(scratch)
    return opened
  } catch (error) {
    return explain(engine, source, { range: { offset: 0, length: source.blob.storedSize }, error })
  }
}

/** The two sizes of a row follow from each other: one of them altered must not shorten what is given out. */
function checkSizes(blob: WrittenBlob): void {
  const storedSize = isSealedBlob(blob) ? sealedSizeOf(blob.size) : blob.size
  if (blob.storedSize === storedSize) return
  throw new StorageError('InternalError', { cause: new Error(`the sizes of blob ${blob.blobId} do not fit together`) })
}

export function isSmallBlob(blob: WrittenBlob): boolean {
  return blob.size <= WINDOW_SEGMENTS * PLAIN_SEGMENT_BYTES
}

function openWhole(engine: Engine, source: BlobSource, stored: Buffer): Buffer {
  const opener = openerOf(engine, source, stored.subarray(0, FLOE_HEADER_BYTES))
  const sealed = stored.subarray(FLOE_HEADER_BYTES)
  if (source.blob.size <= PLAIN_SEGMENT_BYTES) return opener.openSegment(0, sealed, true)
  const pieces = openSegments(source, { opener, first: 0, sealed })
  const whole = Buffer.concat(pieces)
  for (const piece of pieces) giveBack(piece)
  return whole
}

interface Windows {
  /** Plaintext of segments first…last, both included, as consecutive pieces; one window is read at a time. */
  read(first: number, last: number): Promise<Buffer[]>
}

function plainWindows(engine: Engine, source: BlobSource): Windows {
  const { size } = source.blob
  return {
    async read(first, last) {
      const offset = first * PLAIN_SEGMENT_BYTES
      const length = Math.min((last + 1) * PLAIN_SEGMENT_BYTES, size) - offset
      return [await readStored(engine, source, { offset, length })]
    },
  }
}

function sealedWindows(engine: Engine, source: BlobSource): Windows {
  const { storedSize } = source.blob
  let opener: FloeOpener | undefined
  const endOf = (last: number) => Math.min(FLOE_HEADER_BYTES + (last + 1) * SEALED_SEGMENT_BYTES, storedSize)

  /** What is sealed is opened into memory of its own at once, so that the scratch serves another read then. */
  async function readAndOpen<Opened>(range: BlobRange, open: (stored: Buffer) => Opened): Promise<Opened> {
    const scratch = takeScratch(Math.min(storedSize, READ_SCRATCH_BYTES))
    const stored = await readStored(engine, source, range, scratch)
    const opened = await openOrExplain(engine, source, { range, open: () => open(stored) })
    freeScratch(scratch)
    return opened
  }

  return {
    async read(first, last) {
      // The header stands before the first segment, and comes with it in one read.
      if (opener === undefined && first > 0) {
        const range = { offset: 0, length: FLOE_HEADER_BYTES }
        opener = await readAndOpen(range, (header) => openerOf(engine, source, header))
      }
      const offset = opener === undefined ? 0 : FLOE_HEADER_BYTES + first * SEALED_SEGMENT_BYTES
      return readAndOpen({ offset, length: endOf(last) - offset }, (stored) => {
        if (opener !== undefined) return openSegments(source, { opener, first, sealed: stored })
        opener = openerOf(engine, source, stored.subarray(0, FLOE_HEADER_BYTES))
        return openSegments(source, { opener, first, sealed: stored.subarray(FLOE_HEADER_BYTES) })
      })
    },
  }
}

/** Opens what was read without its checksums. */
function openOrExplain<Opened>(
  engine: Engine,
  source: BlobSource,
  { range, open }: { range: BlobRange; open: () => Opened },
): Opened | Promise<Opened> {
  try {
    return open()
  } catch (error) {
    return explain(engine, source, { range, error })
  }
}

/**
 * What did not open is read once more, with its checksums: where the disk has lost bytes, the error is the store's then, which
 * names the place.
 */
async function explain(
  engine: Engine,
  source: BlobSource,
  { range, error }: { range: BlobRange; error: unknown },
): Promise<never> {
  if (!(error instanceof SealBrokenError)) throw error
  await readVerified(engine, source, range).catch((cause) => {
    throw new StorageError('InternalError', { cause })
  })
  throw error
}

function openerOf(engine: Engine, source: BlobSource, header: Buffer): FloeOpener {
  const { namespaceId, bucketId, versionId, partNumber, blob, dataKey } = source
  const { clusterId } = engine
  const place = { clusterId, namespaceId, bucketId, versionId, blobId: blob.blobId, partNumber, kind: BODY_KIND }
  return openerFor({ key: dataKey as KeyObject, place, header })
}

/** Which segment is the last follows from the authenticated length, never from the size of a file. */
function openSegments(source: BlobSource, input: { opener: FloeOpener; first: number; sealed: Buffer }): Buffer[] {
  const lastIndex = Math.max(Math.ceil(source.blob.size / PLAIN_SEGMENT_BYTES) - 1, 0)
  const pieces: Buffer[] = []
  let index = input.first
  for (let offset = 0; offset < input.sealed.length; offset += SEALED_SEGMENT_BYTES, index++) {
    const segment = input.sealed.subarray(offset, offset + SEALED_SEGMENT_BYTES)
    pieces.push(input.opener.openSegment(index, segment, index === lastIndex))
  }
  return pieces
}

function prefetch(windows: Windows, first: number, last: number): Promise<Buffer[]> {
  const window = windows.read(first, Math.min(first + WINDOW_SEGMENTS - 1, last))
  // The consumer may stop before it asks for this window; its failure is then nobody's concern.
  window.catch(() => {})
  return window
}

/** What is sealed is not verified here: its tags are. Follows a blob that compaction moved between look-up and read. */
function readStored(engine: Engine, source: BlobSource, range: BlobRange, scratch?: Buffer): Buffer | Promise<Buffer> {
  const { blobId, locator, storedSize: size } = source.blob
  const isVerifiedByCaller = source.dataKey !== null
  try {
    const bytes = engine.blobs.read({ blobId, locator, owner: source, size, isVerifiedByCaller }, range, scratch)
    return bytes instanceof Promise ? bytes.catch((error) => readMoved(engine, source, { range, error })) : bytes
  } catch (error) {
    return readMoved(engine, source, { range, error })
  }
}

async function readMoved(
  engine: Engine,
  source: BlobSource,
  input: { range: BlobRange; error: unknown },
): Promise<Buffer> {
  const { blob } = source
  let { error } = input
  for (let attempt = 0; attempt < MOVES_MAX && error instanceof BlobMovedError; attempt++) {
    const locator = await findBlobLocator(engine.db, { blobId: blob.blobId })
    if (locator === null) break
    blob.locator = locator
    try {
      return await readVerified(engine, source, input.range)
    } catch (cause) {
      error = cause
    }
  }
  throw error instanceof StorageError ? error : new StorageError('InternalError', { cause: error })
}

async function readVerified(engine: Engine, source: BlobSource, range: BlobRange): Promise<Buffer> {
  const { blobId, locator, storedSize: size } = source.blob
  return engine.blobs.read({ blobId, locator, owner: source, size }, range)
}

/** True when the bytes on disk are sealed, whatever the namespace says today. */
export function isSealedBlob(blob: WrittenBlob): boolean {
  return blob.cipher === CIPHER.floe
}

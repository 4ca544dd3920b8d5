import { join } from 'node:path'
import { BlobMovedError, CorruptBlobError } from '#storage-engine/blobs/blob-errors.ts'
import { isOwnedBy } from '#storage-engine/blobs/blob-owner.ts'
import type { BlobRange, BlobToRead } from '#storage-engine/blobs/blob-store.ts'
import type { FileCache, OpenFile } from '#storage-engine/blobs/pool/file-cache.ts'
import { type FileSystem, isSystemError } from '#storage-engine/blobs/pool/file-system.ts'
import {
  formatLocator,
  type Locator,
  type SegmentLocator,
  type StripeLocator,
} from '#storage-engine/blobs/pool/locator.ts'
import { segmentPath } from '#storage-engine/blobs/pool/segment-file.ts'
import {
  decodeRecordHeader,
  RECORD_BLOCK_BYTES,
  RECORD_HEADER_BYTES,
  recordBlockCrc,
} from '#storage-engine/blobs/pool/segment-format.ts'
import {
  type DecodedStripeHeader,
  decodeStripeHeader,
  STRIPE_HEADER_BYTES,
  STRIPE_PAGE_BYTES,
  STRIPE_PAGE_PAYLOAD_BYTES,
  stripeDirectories,
  stripePageCrc,
} from '#storage-engine/blobs/pool/stripe-format.ts'

/** Up to here a read from the page cache is cheaper than a round through the thread pool. */
const SYNC_BYTES_MAX = 2 * RECORD_BLOCK_BYTES
/** A read that took longer came from the drive: others shall not wait for the next one on the main thread. */
const SLOW_READ_MS = 1
const ASYNC_AFTER_SLOW_MS = 100

/** Null for a segment and for a file whose header is not whole. */
export type FileFactsOfBlob = DecodedStripeHeader | null

export interface BlobReader {
  /** Bytes of the range, every covered block verified, by the caller if it says so. CorruptBlobError, BlobMovedError. */
  read(blob: ReadInput, range: BlobRange, scratch?: Buffer): Buffer | Promise<Buffer>
}

export interface ReadInput extends Omit<BlobToRead, 'locator'> {
  locator: Locator
}

interface BlobReaderInput {
  nodePath: string
  files: FileSystem
  cache: FileCache<FileFactsOfBlob>
}

/** One read of the disk: where, into which views, and how the answer is verified. */
interface ReadPlan {
  position: number
  views: Buffer[]
  /** Returns the bytes asked for, or throws. */
  finish: () => Buffer
}

export function createBlobReader({ nodePath, files, cache }: BlobReaderInput): BlobReader {
  let asyncUntil = 0

  const readNow = (file: OpenFile<FileFactsOfBlob>, plan: ReadPlan, blob: ReadInput): Buffer => {
    const startedAt = performance.now()
    const count = files.readSync(file.fd, plan.views, plan.position)
    const endedAt = performance.now()
    if (endedAt - startedAt > SLOW_READ_MS) asyncUntil = endedAt + ASYNC_AFTER_SLOW_MS
    return finishRead(plan, count, blob)
  }
  const readLater = async (path: string, blob: ReadInput, request: ReadRequest): Promise<Buffer> => {
    const file = await openFile(path, blob)
    try {
      const plan = planRead(file, blob, request)
      return finishRead(plan, await files.read(file.fd, plan.views, plan.position), blob)
    } finally {
      cache.release(file)
    }
  }
  const openFile = async (path: string, blob: ReadInput) => {
    try {
      return await cache.open(path)
    } catch (error) {
      if (!isSystemError(error, 'ENOENT')) throw error
      if (blob.locator.kind === 'segment') throw new BlobMovedError(placeOf(blob), error)
      throw new CorruptBlobError('missing', placeOf(blob), error)
    }
  }

  return {
    read(blob, range, scratch) {
      const { locator } = blob
      const request = { ...range, scratch }
      if (range.offset < 0 || range.length < 0 || range.offset + range.length > locator.payloadBytes) {
        throw new RangeError('The range lies outside of the blob')
      }
      if (blob.size !== undefined && blob.size !== locator.payloadBytes) {
        throw new CorruptBlobError('mismatch', placeOf(blob))
      }
      if (range.length === 0) return Buffer.alloc(0)
      const path =
        locator.kind === 'segment' ? segmentPath(nodePath, locator.segmentId) : stripePath(nodePath, blob.blobId)
      if (range.length > SYNC_BYTES_MAX || performance.now() < asyncUntil) return readLater(path, blob, request)
      const file = cache.use(path)
      if (file === undefined) return readLater(path, blob, request)
      try {
        return readNow(file, planRead(file, blob, request), blob)
      } finally {
        cache.release(file)
      }
    },
  }
}

/** For the cache of open files: a stripe file's header; null when the file does not begin with one. */
export async function inspectBlobFile(files: FileSystem, fd: number): Promise<FileFactsOfBlob> {
  const head = Buffer.allocUnsafe(STRIPE_HEADER_BYTES)
  const count = await files.read(fd, [head], 0)
  return decodeStripeHeader(head.subarray(0, count))
}

export function stripePath(nodePath: string, blobId: string): string {
  const { parent, child } = stripeDirectories(blobId)
  return join(nodePath, 'stripes', parent, child, blobId)
}

function placeOf({ locator }: ReadInput): { nodeId: string; locator: string } {
  return { nodeId: locator.nodeId, locator: formatLocator(locator) }
}

interface ReadRequest extends BlobRange {
  scratch: Buffer | undefined
}

function planRead(file: OpenFile<FileFactsOfBlob>, blob: ReadInput, request: ReadRequest): ReadPlan {
  const { locator } = blob
  return locator.kind === 'segment' ? planRecord(blob, locator, request) : planPages(file.facts, blob, locator, request)
}

function takeBytes(length: number, scratch: Buffer | undefined): Buffer {
  return scratch !== undefined && length <= scratch.length
    ? scratch.subarray(0, length)
    : Buffer.allocUnsafeSlow(length)
}

function finishRead({ views, finish }: ReadPlan, count: number, blob: ReadInput): Buffer {
  const wanted = views.reduce((sum, view) => sum + view.length, 0)
  if (count < wanted) throw new CorruptBlobError('short', placeOf(blob))
  return finish()
}

/** Reads the record from its head to the last covered block: small, and one call of the system. */
function planRecord(blob: ReadInput, locator: SegmentLocator, { offset, length, scratch }: ReadRequest): ReadPlan {
  const { headBytes, payloadBytes, recordOffset } = locator
  // Nothing that the head says is worth as much as what the caller is going to verify.
  if (blob.isVerifiedByCaller) {
    const payload = takeBytes(length, scratch)
    return { position: recordOffset + headBytes + offset, views: [payload], finish: () => payload }
  }
  const first = Math.floor(offset / RECORD_BLOCK_BYTES)
  const end = Math.min(Math.ceil((offset + length) / RECORD_BLOCK_BYTES) * RECORD_BLOCK_BYTES, payloadBytes)
  const record = takeBytes(headBytes + end, scratch)
  const finish = () => {
    const header = decodeRecordHeader(record)
    const isOurs =
      header?.kind === 'blob' &&
      header.blobId === blob.blobId &&
      header.segmentId === locator.segmentId &&
      header.offset === recordOffset &&
      header.payloadBytes === payloadBytes &&
      header.headBytes === headBytes &&
      isOwnedBy(header.owner, blob.owner)
    if (!isOurs) throw new CorruptBlobError('mismatch', placeOf(blob))
    for (let index = first; index * RECORD_BLOCK_BYTES < end; index += 1) {
      const start = headBytes + index * RECORD_BLOCK_BYTES
      const block = record.subarray(start, Math.min(start + RECORD_BLOCK_BYTES, headBytes + end))
      const crc = record.readUInt32LE(RECORD_HEADER_BYTES + 4 * index)
      if (crc !== recordBlockCrc({ headerCrc: header.headerCrc, index }, block)) {
        throw new CorruptBlobError('mismatch', placeOf(blob))
      }
    }
    return record.subarray(headBytes + offset, headBytes + offset + length)
  }
  return { position: recordOffset, views: [record], finish }
}

/** Scatters payload and checksums into two buffers, so that the payload of many pages is contiguous without a copy. */
function planPages(
  header: FileFactsOfBlob,
  blob: ReadInput,
  { payloadBytes }: StripeLocator,
  { offset, length, scratch }: ReadRequest,
): ReadPlan {
  const isOurs =
    header?.blobId === blob.blobId && header.payloadBytes === payloadBytes && isOwnedBy(header.owner, blob.owner)
  if (!isOurs) {
    throw new CorruptBlobError('mismatch', placeOf(blob))
  }
  const first = Math.floor(offset / STRIPE_PAGE_PAYLOAD_BYTES)
  const pageCount = Math.ceil((offset + length) / STRIPE_PAGE_PAYLOAD_BYTES) - first
  const start = first * STRIPE_PAGE_PAYLOAD_BYTES
  const payload = takeBytes(Math.min(pageCount * STRIPE_PAGE_PAYLOAD_BYTES, payloadBytes - start), scratch)
  const crcs = Buffer.allocUnsafe(4 * pageCount)
  const pages: Buffer[] = []
  const views: Buffer[] = []
  for (let index = 0; index < pageCount; index += 1) {
    const page = payload.subarray(index * STRIPE_PAGE_PAYLOAD_BYTES, (index + 1) * STRIPE_PAGE_PAYLOAD_BYTES)
    pages.push(page)
    views.push(page, crcs.subarray(4 * index, 4 * index + 4))
  }
  const { identityCrc } = header
  const finish = () => {
    for (const [index, page] of blob.isVerifiedByCaller ? [] : pages.entries()) {
      if (crcs.readUInt32LE(4 * index) !== stripePageCrc({ identityCrc, index: first + index }, page)) {
        throw new CorruptBlobError('mismatch', placeOf(blob))
      }
    }
    return payload.subarray(offset - start, offset - start + length)
  }
  return { position: header.headerBytes + first * STRIPE_PAGE_BYTES, views, finish }
}

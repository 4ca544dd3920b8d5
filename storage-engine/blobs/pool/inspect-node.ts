import { constants } from 'node:fs'
import { join, relative } from 'node:path'
import type { BlobOwner } from '#storage-engine/blobs/blob-store.ts'
import { alignUp } from '#storage-engine/blobs/pool/aligned-memory.ts'
import { operatingSystem as files, isSystemError } from '#storage-engine/blobs/pool/file-system.ts'
import { openNodeIdentity } from '#storage-engine/blobs/pool/node-identity.ts'
import { RECORD_BLOCK_BYTES, RECORD_HEADER_BYTES, recordBlockCrc } from '#storage-engine/blobs/pool/segment-format.ts'
import { openSegmentWalk, type WalkedRecord } from '#storage-engine/blobs/pool/segment-walk.ts'
import {
  type DecodedStripeHeader,
  decodeStripeHeader,
  STRIPE_HEADER_BYTES,
  STRIPE_PAGE_BYTES,
  STRIPE_PAGE_PAYLOAD_BYTES,
  stripeDirectories,
  stripePageCrc,
} from '#storage-engine/blobs/pool/stripe-format.ts'
import { isUuid } from '#storage-engine/blobs/pool/uuid-bytes.ts'

const SEGMENT_NAME = /^[0-9a-f]{24}\.seg$/
const UNFINISHED = '.tmp'
const FILE_ALIGNMENT = 4_096

/** A blob as it lies on a node. */
export interface InspectedBlob {
  kind: 'blob'
  blobId: string
  owner: BlobOwner
  storedSize: number
  /** Milliseconds since 1970; a compacted copy keeps the original's. */
  writtenAt: number
  /** damaged: a checksum does not hold. erased: nothing but zeros are left, as erasing leaves it. */
  state: 'whole' | 'damaged' | 'erased'
  /** Below the node's directory; of a record in a segment file, with its offset. */
  place: string
}

/** A file that cannot be told blob by blob. unfinished: left by a write that never ended. */
export interface InspectedFile {
  kind: 'damaged-file' | 'foreign-file' | 'unfinished-file'
  place: string
  reason: string
}

/** Is given a blob's payload, piece by piece and in order, before the blob is told. */
export interface PayloadWatcher {
  push(bytes: Buffer): void
}

export interface InspectNodeInput<Watcher> {
  path: string
  clusterId: string
  watch: (storedSize: number) => Watcher
}

/** A blob with the one who watched its payload, or a file. */
type Inspected<Watcher> = (InspectedBlob & { watcher: Watcher }) | InspectedFile

/**
 * Reads every segment and stripe file of a node as docs/formats has them, verifying each header and checksum, and changes
 * nothing; no service needs to run. Throws StartupError when the directory is no node of the installation.
 */
export async function* inspectNode<Watcher extends PayloadWatcher>(
  input: InspectNodeInput<Watcher>,
): AsyncGenerator<Inspected<Watcher>> {
  const { path, clusterId } = input
  await openNodeIdentity({ path, clusterId, initialize: false })
  for (const { name } of await namesIn(join(path, 'segments'))) {
    if (!SEGMENT_NAME.test(name)) continue
    for await (const found of inspectSegment(join(path, 'segments', name), input)) yield placed(path, found)
  }
  const root = join(path, 'stripes')
  for (const parent of await namesIn(root)) {
    if (!parent.isDirectory) continue
    for (const child of await namesIn(join(root, parent.name))) {
      if (!child.isDirectory) continue
      const directory = join(root, parent.name, child.name)
      for (const { name } of await namesIn(directory)) yield placed(path, await inspectStripe(directory, name, input))
    }
  }
}

/** In order, so that two readings of a node tell the same story. */
async function namesIn(path: string): Promise<{ name: string; isDirectory: boolean }[]> {
  const names: { name: string; isDirectory: boolean }[] = []
  try {
    for await (const entry of files.listDirectory(path)) names.push(entry)
  } catch (error) {
    // Another process removed an empty directory.
    if (!isSystemError(error, 'ENOENT')) throw error
  }
  return names.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function placed<Found extends { place: string }>(nodePath: string, found: Found): Found {
  return { ...found, place: relative(nodePath, found.place) }
}

async function* inspectSegment<Watcher extends PayloadWatcher>(
  path: string,
  { clusterId, watch }: InspectNodeInput<Watcher>,
): AsyncGenerator<Inspected<Watcher>> {
  const walk = await openSegmentWalk(files, path)
  if (walk === null) {
    const { size } = await files.stat(path)
    if (size > 0) yield { kind: 'damaged-file', place: path, reason: 'the file header is not whole' }
    return
  }
  const fd = await files.open(path, constants.O_RDONLY)
  try {
    if (walk.header.clusterId !== clusterId) yield foreign(path, walk.header.clusterId)
    const records = walk.records()
    let next = await records.next()
    for (; !next.done; next = await records.next()) {
      const { blobId, owner, writtenAt, payloadBytes: storedSize, offset } = next.value
      const watcher = watch(storedSize)
      const state = await readRecord(fd, next.value, watcher)
      yield { kind: 'blob', blobId, owner, storedSize, writtenAt, state, place: `${path}@${offset}`, watcher }
    }
    if (next.value.isDamaged) yield { kind: 'damaged-file', place: path, reason: 'records are missing' }
  } finally {
    await files.close(fd)
    await walk.close()
  }
}

async function readRecord(fd: number, record: WalkedRecord, watcher: PayloadWatcher): Promise<InspectedBlob['state']> {
  const { offset, headBytes, payloadBytes, headerCrc } = record
  const whole = Buffer.allocUnsafe(headBytes + payloadBytes)
  if ((await files.read(fd, [whole], offset)) < whole.length) return 'damaged'
  const payload = whole.subarray(headBytes)
  watcher.push(payload)
  let holds = true
  for (let index = 0; index * RECORD_BLOCK_BYTES < payloadBytes; index++) {
    const block = payload.subarray(index * RECORD_BLOCK_BYTES, (index + 1) * RECORD_BLOCK_BYTES)
    const crc = whole.readUInt32LE(RECORD_HEADER_BYTES + 4 * index)
    holds &&= crc === recordBlockCrc({ headerCrc, index }, block)
  }
  if (holds) return 'whole'
  return isZero(payload) ? 'erased' : 'damaged'
}

async function inspectStripe<Watcher extends PayloadWatcher>(
  directory: string,
  name: string,
  { clusterId, watch }: InspectNodeInput<Watcher>,
): Promise<Inspected<Watcher>> {
  const place = join(directory, name)
  if (name.endsWith(UNFINISHED)) return { kind: 'unfinished-file', place, reason: 'its write never ended' }
  const fd = await files.open(place, constants.O_RDONLY)
  try {
    const head = Buffer.alloc(STRIPE_HEADER_BYTES)
    await files.read(fd, [head], 0)
    const header = decodeStripeHeader(head)
    if (header === null) return { kind: 'damaged-file', place, reason: 'the header is not whole' }
    if (header.clusterId !== clusterId) return foreign(place, header.clusterId)
    const { blobId, owner, writtenAt, payloadBytes: storedSize } = header
    if (name !== blobId || !isAtItsPlace(directory, blobId)) {
      return { kind: 'damaged-file', place, reason: `it is the file of blob ${blobId}` }
    }
    const watcher = watch(storedSize)
    const state = await readPages(fd, header, watcher)
    return { kind: 'blob', blobId, owner, storedSize, writtenAt, state, place, watcher }
  } finally {
    await files.close(fd)
  }
}

function isAtItsPlace(directory: string, blobId: string): boolean {
  const { parent, child } = stripeDirectories(blobId)
  return isUuid(blobId) && directory.endsWith(join(parent, child))
}

async function readPages(
  fd: number,
  header: DecodedStripeHeader,
  watcher: PayloadWatcher,
): Promise<InspectedBlob['state']> {
  const { headerBytes, payloadBytes, identityCrc } = header
  const pages = Math.ceil(payloadBytes / STRIPE_PAGE_PAYLOAD_BYTES)
  let isWhole = (await files.stat(fd)).size === alignUp(headerBytes + payloadBytes + 4 * pages, FILE_ALIGNMENT)
  let hasContent = false
  const page = Buffer.allocUnsafe(STRIPE_PAGE_BYTES)
  for (let index = 0; index < pages; index++) {
    const size = Math.min(STRIPE_PAGE_PAYLOAD_BYTES, payloadBytes - index * STRIPE_PAGE_PAYLOAD_BYTES)
    const view = page.subarray(0, size + 4)
    if ((await files.read(fd, [view], headerBytes + index * STRIPE_PAGE_BYTES)) < view.length) return 'damaged'
    const payload = view.subarray(0, size)
    watcher.push(payload)
    hasContent ||= !isZero(payload)
    isWhole &&= view.readUInt32LE(size) === stripePageCrc({ identityCrc, index }, payload)
  }
  if (isWhole) return 'whole'
  return hasContent ? 'damaged' : 'erased'
}

function foreign(place: string, clusterId: string): InspectedFile {
  return { kind: 'foreign-file', place, reason: `it belongs to installation ${clusterId}` }
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0)
}

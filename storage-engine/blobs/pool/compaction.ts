import { join } from 'node:path'
import { BlobMovedError, CorruptBlobError } from '#storage-engine/blobs/blob-errors.ts'
import type { CollectHost } from '#storage-engine/blobs/blob-store.ts'
import type { BlobReader } from '#storage-engine/blobs/pool/blob-reader.ts'
import { createChunkQueue } from '#storage-engine/blobs/pool/chunk-queue.ts'
import { isSystemError } from '#storage-engine/blobs/pool/file-system.ts'
import { formatLocator, type SegmentLocator } from '#storage-engine/blobs/pool/locator.ts'
import type { NodeContext } from '#storage-engine/blobs/pool/node-context.ts'
import { segmentPath } from '#storage-engine/blobs/pool/segment-file.ts'
import { recordBytes } from '#storage-engine/blobs/pool/segment-format.ts'
import { openSegmentWalk, type SegmentWalk, type WalkedRecord } from '#storage-engine/blobs/pool/segment-walk.ts'
import type { SegmentWriter } from '#storage-engine/blobs/pool/segment-writer.ts'
import { isWriterAlive } from '#storage-engine/blobs/pool/writer-lease.ts'
import { StorageError } from '#storage-engine/errors.ts'

const LIVE_RATIO_MIN = 0.5
const RECORDS_PER_BATCH = 256
const BYTES_PER_BATCH = 4 * 1_048_576
/** Idle processes seal small segments. Below this share of a full one, so many at once are worth joining. */
const SMALL_SEGMENT_RATIO = 1 / 16
const SMALL_SEGMENTS_TO_JOIN = 8

export interface Compacted {
  segments: number
  orphans: number
  bytes: number
}

interface CompactionInput {
  node: NodeContext
  reader: BlobReader
  writer: SegmentWriter
  host: CollectHost
  /** Tells the cache of open files. */
  onRemoved: (path: string) => void
}

/**
 * Rewrites segments of which less than half is alive: live records become durable elsewhere, Postgres swaps their
 * locators, then the file goes. A segment is looked at only when nobody appends to it (sealed, or its writer is dead) and
 * its last append is older than `host.orphansBefore`: until then a row may still be on its way.
 */
export async function compactSegments(input: CompactionInput): Promise<Compacted> {
  const { node, host } = input
  const compacted = { segments: 0, orphans: 0, bytes: 0 }
  const small: { segmentId: string; orphans: number }[] = []
  const compact = async (segmentId: string, orphans: number) => {
    const bytes = await compactSegment(input, segmentId)
    if (bytes === null) return
    compacted.segments += 1
    compacted.orphans += orphans
    compacted.bytes += bytes
  }
  try {
    for (const segmentId of await listSegments(node)) {
      if (host.signal.aborted) return compacted
      const facts = await assessSegment(input, segmentId)
      if (facts === null) continue
      if (facts.liveBytes < facts.fileBytes * LIVE_RATIO_MIN) await compact(segmentId, facts.orphans)
      else if (facts.fileBytes < node.segmentBytes * SMALL_SEGMENT_RATIO)
        small.push({ segmentId, orphans: facts.orphans })
    }
    if (small.length >= SMALL_SEGMENTS_TO_JOIN) {
      for (const { segmentId, orphans } of small) {
        if (!host.signal.aborted) await compact(segmentId, orphans)
      }
    }
  } catch (error) {
    // A full disk is no reason to fail: what holds nothing alive was removed, and the rest waits for room.
    if (!(error instanceof StorageError) || error.code !== 'InsufficientStorage') throw error
    node.log.warn({ err: error, path: node.path }, 'No room to compact segments')
  }
  // What was moved may be dead soon, and nobody collects a segment that is open.
  if (compacted.segments > 0) await input.writer.seal()
  return compacted
}

/** Ids of the segment files of a node. */
export async function listSegments(node: NodeContext): Promise<string[]> {
  const segmentIds: string[] = []
  for await (const { name } of node.files.listDirectory(join(node.path, 'segments'))) {
    const match = /^([0-9a-f]{24})\.seg$/.exec(name)
    if (match?.[1] !== undefined) segmentIds.push(match[1])
  }
  return segmentIds
}

interface SegmentAssessment {
  fileBytes: number
  liveBytes: number
  orphans: number
}

/** Null when the segment may not be touched. */
async function assessSegment(input: CompactionInput, segmentId: string): Promise<SegmentAssessment | null> {
  const { node, host } = input
  const path = segmentPath(node.path, segmentId)
  const walk = await openSegmentWalk(node.files, path)
  if (walk === null) return assessHeadless(input, path)
  try {
    if (walk.changedAt >= host.orphansBefore.getTime() || (await mayGrow(node, walk))) return null
    let liveBytes = 0
    let liveCount = 0
    const batches = readBatches(walk)
    let next = await batches.next()
    for (; !next.done; next = await batches.next()) {
      const live = await findLive(input, next.value)
      liveCount += live.length
      for (const { payloadBytes } of live) liveBytes += recordBytes(payloadBytes)
      if (host.signal.aborted) return null
    }
    const { isDamaged, recordCount } = next.value
    if (isDamaged) {
      node.log.error({ path }, 'Segment file is damaged: it is kept as it is, readable records stay readable')
      return null
    }
    return { fileBytes: walk.fileBytes, liveBytes, orphans: recordCount - liveCount }
  } finally {
    await walk.close()
  }
}

/** A file that never got its header holds nothing; one that lost it is kept. */
async function assessHeadless({ node, host }: CompactionInput, path: string): Promise<SegmentAssessment | null> {
  const { size, changedAt } = await node.files.stat(path)
  if (changedAt >= host.orphansBefore.getTime()) return null
  if (size === 0) return { fileBytes: 1, liveBytes: 0, orphans: 0 }
  node.log.error({ path }, 'Segment file has no header: it is kept as it is')
  return null
}

async function mayGrow(node: NodeContext, walk: SegmentWalk): Promise<boolean> {
  if (await walk.isSealed()) return false
  const directory = join(node.path, 'writers')
  return isWriterAlive({ files: node.files, directory, now: node.now }, walk.header.writerId)
}

/** Records in batches that are small enough to be held with their payloads; returns the walk's summary. */
export async function* readBatches(walk: SegmentWalk) {
  const records = walk.records()
  let batch: WalkedRecord[] = []
  let bytes = 0
  let next = await records.next()
  for (; !next.done; next = await records.next()) {
    batch.push(next.value)
    bytes += next.value.payloadBytes
    if (batch.length < RECORDS_PER_BATCH && bytes < BYTES_PER_BATCH) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
  return next.value
}

async function findLive({ node, host }: CompactionInput, records: WalkedRecord[]): Promise<WalkedRecord[]> {
  const known = await host.findKnown(records.map(({ blobId }) => blobId))
  return records.filter((record) => known.get(record.blobId) === formatLocator(locatorOf(node, record)))
}

/** Bytes won, or null when the segment has to stay. */
async function compactSegment(input: CompactionInput, segmentId: string): Promise<number | null> {
  const { node, host } = input
  const path = segmentPath(node.path, segmentId)
  const walk = await openSegmentWalk(node.files, path)
  let fileBytes = 0
  let movedBytes = 0
  if (walk !== null) {
    try {
      fileBytes = walk.fileBytes
      for await (const batch of readBatches(walk)) {
        if (host.signal.aborted) return null
        movedBytes += await moveRecords(input, await findLive(input, batch))
      }
    } catch (error) {
      if (!(error instanceof CorruptBlobError) && !(error instanceof BlobMovedError)) throw error
      node.log.error({ err: error, path }, 'Segment file holds a blob that cannot be read: it is kept as it is')
      return null
    } finally {
      await walk.close()
    }
  }
  await removeSegment(node, path)
  input.onRemoved(path)
  return Math.max(0, fileBytes - movedBytes)
}

/** Bytes written elsewhere. Records whose row changed meanwhile are left to be forgotten. */
async function moveRecords({ node, reader, writer, host }: CompactionInput, records: WalkedRecord[]): Promise<number> {
  if (records.length === 0) return 0
  const moves = await Promise.all(
    records.map(async (record) => {
      const { blobId, owner, writtenAt, payloadBytes } = record
      const locator = locatorOf(node, record)
      const payload = createChunkQueue()
      payload.push(await reader.read({ blobId, locator }, { offset: 0, length: payloadBytes }))
      const to = await writer.append({ blobId, owner, writtenAt, payload })
      return { blobId, from: formatLocator(locator), to: formatLocator(to) }
    }),
  )
  await host.relocate(moves)
  return records.reduce((sum, { payloadBytes }) => sum + recordBytes(payloadBytes), 0)
}

async function removeSegment(node: NodeContext, path: string): Promise<void> {
  try {
    await node.files.unlink(path)
    await node.directories.sync(join(node.path, 'segments'))
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}

export function locatorOf(node: NodeContext, record: WalkedRecord): SegmentLocator {
  const { segmentId, offset, headBytes, payloadBytes } = record
  return { kind: 'segment', nodeId: node.nodeId, segmentId, recordOffset: offset, headBytes, payloadBytes }
}

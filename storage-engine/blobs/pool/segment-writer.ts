import type { BlobOwner } from '#storage-engine/blobs/blob-store.ts'
import { alignUp, allocateSlots, SLOT_BYTES } from '#storage-engine/blobs/pool/aligned-memory.ts'
import type { ChunkQueue } from '#storage-engine/blobs/pool/chunk-queue.ts'
import type { SegmentLocator } from '#storage-engine/blobs/pool/locator.ts'
import { type NodeContext, noteWriteFailure } from '#storage-engine/blobs/pool/node-context.ts'
import { createSegmentFile, type SegmentFile } from '#storage-engine/blobs/pool/segment-file.ts'
import {
  encodeRecordHead,
  recordBytes,
  recordHeadBytes,
  SEGMENT_ALIGNMENT,
} from '#storage-engine/blobs/pool/segment-format.ts'

/** Largest payload of a small blob: its record always fits into one group. */
export const SMALL_BLOB_BYTES_MAX = 1_048_576

/** Ids must be UUIDs already (`checkUuid`). */
export interface SmallBlob {
  blobId: string
  owner: BlobOwner
  writtenAt: number
  payload: ChunkQueue
}

/**
 * Appends small blobs of this process. No timer: what arrived while the last group was being flushed is the next group, so
 * one flush serves one client at once and hundreds together.
 */
export interface SegmentWriter {
  /** Resolves once the blob is durable. Takes the payload over. */
  append(blob: SmallBlob): Promise<SegmentLocator>
  /** Seals the segment when it is old enough, so that an idle process keeps nothing away from compaction. */
  sealWhenOld(): Promise<void>
  /** Waits for what is under way and seals the segment. */
  close(): Promise<void>
}

interface PendingBlob {
  blob: SmallBlob
  resolve: (locator: SegmentLocator) => void
  reject: (error: unknown) => void
}

interface PlacedBlob {
  pending: PendingBlob
  locator: SegmentLocator
}

export function createSegmentWriter(node: NodeContext): SegmentWriter {
  let queue: PendingBlob[] = []
  let segment: SegmentFile | null = null
  let recordCount = 0
  let running: Promise<void> | null = null
  let isSealDue = false
  // Its own memory, so that small blobs never wait for large ones.
  const [slot, zeros] = allocateSlots(2) as [Buffer, Buffer]

  const run = async () => {
    // Everything that this turn of the event loop brings belongs to the first group.
    await new Promise((resolve) => setImmediate(resolve))
    while (queue.length > 0 || (isSealDue && segment !== null)) {
      if (isSealDue) await sealSegment()
      else await writeGroup()
    }
    isSealDue = false
    running = null
  }
  const wake = () => {
    running ??= run()
    return running
  }
  const writeGroup = async () => {
    const group = queue
    try {
      segment ??= await createSegmentFile(node, { slot, zeros })
    } catch (error) {
      queue = queue.slice(group.length)
      await rejectAll(group, error)
      return
    }
    const placed = packGroup({ slot, nodeId: node.nodeId, segment, pending: group })
    queue = queue.slice(placed.blobs.length)
    try {
      await segment.append(slot.subarray(0, placed.bytes))
      if (!node.lease.isHeld()) throw new Error('This process slept so long that others may have removed its segment')
    } catch (error) {
      await abandonSegment()
      await rejectAll(
        placed.blobs.map(({ pending }) => pending),
        error,
      )
      return
    }
    recordCount += placed.blobs.length
    node.space.noteWritten(placed.bytes)
    for (const { pending, locator } of placed.blobs) pending.resolve(locator)
    isSealDue ||= segment.end + SLOT_BYTES + SEGMENT_ALIGNMENT > node.segmentBytes
  }
  const sealSegment = async () => {
    const finished = segment
    const count = recordCount
    segment = null
    recordCount = 0
    isSealDue = false
    try {
      await finished?.seal({ slot, recordCount: count })
    } catch (error) {
      // Its blobs are durable already; only the seal is missing, as after a crash.
      await noteWriteFailure(node, error)
    }
  }
  const abandonSegment = async () => {
    const abandoned = segment
    segment = null
    recordCount = 0
    try {
      await abandoned?.abandon()
    } catch (error) {
      node.log.warn({ err: error, path: node.path }, 'Could not close an abandoned segment')
    }
  }
  const rejectAll = async (group: PendingBlob[], error: unknown) => {
    const answer = await noteWriteFailure(node, error)
    for (const { reject } of group) reject(answer)
  }

  return {
    append(blob) {
      return new Promise((resolve, reject) => {
        queue.push({ blob, resolve, reject })
        wake()
      })
    },
    async sealWhenOld() {
      if (segment === null || recordCount === 0 || node.now() - segment.openedAt < node.segmentAgeMs) return
      isSealDue = true
      await wake()
    },
    async close() {
      await running
      isSealDue = true
      await wake()
    },
  }
}

interface PackInput {
  slot: Buffer
  nodeId: string
  segment: SegmentFile
  pending: PendingBlob[]
}

/** Lays as many of the pending blobs as fit into the slot, in order. */
function packGroup({ slot, nodeId, segment, pending }: PackInput): { blobs: PlacedBlob[]; bytes: number } {
  const { segmentId, end: groupOffset } = segment
  const blobs: PlacedBlob[] = []
  let bytes = 0
  for (const entry of pending) {
    const { payload, ...record } = entry.blob
    const payloadBytes = payload.size
    const size = recordBytes(payloadBytes)
    if (bytes + size > slot.length) break
    const headBytes = recordHeadBytes(payloadBytes)
    const target = slot.subarray(bytes, bytes + size)
    payload.moveTo(target.subarray(headBytes, headBytes + payloadBytes))
    target.fill(0, headBytes + payloadBytes)
    const recordOffset = groupOffset + bytes
    encodeRecordHead(target, { segmentId, offset: recordOffset, groupOffset }, { ...record, payloadBytes })
    blobs.push({
      pending: entry,
      locator: { kind: 'segment', nodeId, segmentId, recordOffset, headBytes, payloadBytes },
    })
    bytes += size
  }
  const padded = alignUp(bytes, SEGMENT_ALIGNMENT)
  slot.fill(0, bytes, padded)
  return { blobs, bytes: padded }
}

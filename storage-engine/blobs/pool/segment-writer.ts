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

interface PendingBlob {
  blob: SmallBlob
  resolve: (locator: SegmentLocator) => void
  reject: (error: unknown) => void
}

interface PlacedBlob {
  pending: PendingBlob
  locator: SegmentLocator
}

/**
 * Appends small blobs of this process. No timer: what arrived while the last group was being flushed is the next group, so
 * one flush serves one client at once and hundreds together.
 */
export class SegmentWriter {
  readonly #node: NodeContext
  /** Its own memory, so that small blobs never wait for large ones. */
  readonly #slot: Buffer
  readonly #zeros: Buffer
  #queue: PendingBlob[] = []
  #segment: SegmentFile | null = null
  #recordCount = 0
  #isSealDue = false
  #running: Promise<void> | null = null

  constructor(node: NodeContext) {
    const [slot, zeros] = allocateSlots(2) as [Buffer, Buffer]
    this.#node = node
    this.#slot = slot
    this.#zeros = zeros
  }

  /** Resolves once the blob is durable. Takes the payload over. */
  append(blob: SmallBlob): Promise<SegmentLocator> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ blob, resolve, reject })
      void this.#wake()
    })
  }

  /** Seals the segment when it is old enough, so that an idle process keeps nothing away from compaction. */
  async sealWhenOld(): Promise<void> {
    if (this.#segment === null || this.#node.now() - this.#segment.openedAt < this.#node.segmentAgeMs) return
    this.#isSealDue = true
    await this.#wake()
  }

  /** Waits for what is under way and seals the segment; the next blob begins another. */
  async seal(): Promise<void> {
    await this.#running
    this.#isSealDue = true
    await this.#wake()
  }

  #wake(): Promise<void> {
    this.#running ??= this.#run()
    return this.#running
  }

  /** Never rejects: every failure is told to the blobs it concerns. */
  async #run(): Promise<void> {
    // Everything that this turn of the event loop brings belongs to the first group.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#queue.length > 0 || this.#isSealDue) {
      if (this.#isSealDue) await this.#sealSegment()
      else await this.#writeGroup()
    }
    this.#running = null
  }

  async #writeGroup(): Promise<void> {
    const node = this.#node
    const slot = this.#slot
    let group = this.#queue
    try {
      this.#segment ??= await createSegmentFile(node, { slot, zeros: this.#zeros })
      const segment = this.#segment
      const placed = packGroup({ slot, nodeId: node.nodeId, segment, pending: this.#queue })
      group = this.#queue.slice(0, placed.blobs.length)
      this.#queue = this.#queue.slice(placed.blobs.length)
      await segment.append(slot.subarray(0, placed.bytes))
      if (!node.lease.isHeld()) throw new Error('This process slept so long that others may have removed its segment')
      this.#recordCount += placed.blobs.length
      this.#isSealDue ||= segment.end + SLOT_BYTES + SEGMENT_ALIGNMENT > node.segmentBytes
      node.space.noteWritten(placed.bytes)
      for (const { pending, locator } of placed.blobs) pending.resolve(locator)
    } catch (error) {
      this.#queue = this.#queue.filter((pending) => !group.includes(pending))
      await this.#abandonSegment()
      const answer = await noteWriteFailure(node, error)
      for (const { reject } of group) reject(answer)
    }
  }

  async #sealSegment(): Promise<void> {
    const segment = this.#segment
    const recordCount = this.#recordCount
    this.#segment = null
    this.#recordCount = 0
    this.#isSealDue = false
    try {
      await segment?.seal({ slot: this.#slot, recordCount })
    } catch (error) {
      // Its blobs are durable already; only the seal is missing, as after a crash.
      await noteWriteFailure(this.#node, error)
    }
  }

  async #abandonSegment(): Promise<void> {
    const segment = this.#segment
    this.#segment = null
    this.#recordCount = 0
    try {
      await segment?.abandon()
    } catch (error) {
      this.#node.log.warn({ err: error, path: this.#node.path }, 'Could not close an abandoned segment')
    }
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

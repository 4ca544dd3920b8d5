import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { join } from 'node:path'
import { SLOT_BYTES } from '#storage-engine/blobs/pool/aligned-memory.ts'
import type { NodeContext } from '#storage-engine/blobs/pool/node-context.ts'
import {
  encodeSeal,
  encodeSegmentHeader,
  SEGMENT_ALIGNMENT,
  SEGMENT_HEADER_BYTES,
} from '#storage-engine/blobs/pool/segment-format.ts'

const FILL_AHEAD_BYTES = 8 * SLOT_BYTES

/**
 * A segment that this process appends to. After any rejection the file must be abandoned: what a failed write or flush
 * left behind is unknown, and asking again may answer a lie.
 */
export interface SegmentFile {
  readonly segmentId: string
  /** Where the next group goes. */
  readonly end: number
  readonly openedAt: number
  /** Appends one group (a whole number of SEGMENT_ALIGNMENT, from aligned memory) and makes it durable. */
  append(group: Buffer): Promise<void>
  /** Writes the seal, gives unused space back and closes. */
  seal(input: { slot: Buffer; recordCount: number }): Promise<void>
  /** Closes without a seal; the collector takes the file once this process has ended. */
  abandon(): Promise<void>
}

/** `slot` and `zeros` are aligned; `slot` is overwritten, `zeros` (SLOT_BYTES) is only read. */
export async function createSegmentFile(
  node: NodeContext,
  { slot, zeros }: { slot: Buffer; zeros: Buffer },
): Promise<SegmentFile> {
  const segmentId = randomBytes(12).toString('hex')
  const directory = join(node.path, 'segments')
  const { O_CREAT, O_EXCL, O_WRONLY, O_DIRECT, O_DSYNC } = constants
  const flags = O_CREAT | O_EXCL | O_WRONLY | (node.isDirect ? O_DIRECT | O_DSYNC : 0)
  const openedAt = node.now()
  const fd = await node.files.open(segmentPath(node.path, segmentId), flags)

  const writeDurably = async (bytes: Buffer, position: number) => {
    await node.files.write(fd, bytes, position)
    if (!node.isDirect) await node.files.sync(fd)
  }
  try {
    const header = slot.subarray(0, SEGMENT_HEADER_BYTES)
    const { clusterId, lease } = node
    encodeSegmentHeader(header, { segmentId, writerId: lease.writerId, clusterId, createdAt: openedAt })
    await writeDurably(header, 0)
    await node.directories.sync(directory)
  } catch (error) {
    await node.files.close(fd)
    throw error
  }

  let end = SEGMENT_HEADER_BYTES
  let filledTo = SEGMENT_HEADER_BYTES
  /** Space is written ahead with zeros: overwriting needs no journal commit, which takes a third off a flush. */
  const fillAhead = async () => {
    const target = Math.min(end + FILL_AHEAD_BYTES, node.segmentBytes)
    while (filledTo < target) {
      const piece = zeros.subarray(0, Math.min(SLOT_BYTES, target - filledTo))
      await node.files.write(fd, piece, filledTo)
      filledTo += piece.length
    }
  }

  return {
    segmentId,
    openedAt,
    get end() {
      return end
    },
    async append(group) {
      if (node.isDirect && end + group.length > filledTo) await fillAhead()
      await writeDurably(group, end)
      end += group.length
    },
    async seal({ slot: sealSlot, recordCount }) {
      try {
        const seal = sealSlot.subarray(0, SEGMENT_ALIGNMENT)
        encodeSeal(seal, { segmentId, offset: end, groupOffset: end }, recordCount)
        await node.files.truncate(fd, end)
        await writeDurably(seal, end)
        await node.files.sync(fd)
      } finally {
        await node.files.close(fd)
      }
    },
    abandon: () => node.files.close(fd),
  }
}

export function segmentPath(nodePath: string, segmentId: string): string {
  return join(nodePath, 'segments', `${segmentId}.seg`)
}

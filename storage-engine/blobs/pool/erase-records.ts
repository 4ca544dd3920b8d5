import { constants } from 'node:fs'
import { isSystemError } from '#storage-engine/blobs/pool/file-system.ts'
import type { SegmentLocator } from '#storage-engine/blobs/pool/locator.ts'
import { type NodeContext, noteWriteFailure } from '#storage-engine/blobs/pool/node-context.ts'
import { segmentPath } from '#storage-engine/blobs/pool/segment-file.ts'
import { decodeRecordHeader, RECORD_HEADER_BYTES } from '#storage-engine/blobs/pool/segment-format.ts'
import { SMALL_BLOB_BYTES_MAX } from '#storage-engine/blobs/pool/segment-writer.ts'

export interface RecordToErase {
  blobId: string
  locator: Pick<SegmentLocator, 'segmentId' | 'recordOffset' | 'headBytes' | 'payloadBytes'>
}

/**
 * Overwrites payloads with zeros where they lie; headers stay, so a walk finds its way. The file may be one that somebody
 * appends to: what is appended never shares a block with what was acknowledged. A file that is gone, or that holds
 * something else there, needs nothing.
 */
export async function eraseRecords(node: NodeContext, records: RecordToErase[]): Promise<void> {
  const bySegment = new Map<string, RecordToErase[]>()
  for (const record of records) {
    const { segmentId } = record.locator
    bySegment.set(segmentId, [...(bySegment.get(segmentId) ?? []), record])
  }
  for (const [segmentId, own] of bySegment) {
    try {
      await eraseInSegment(node, segmentId, own)
    } catch (error) {
      throw await noteWriteFailure(node, error)
    }
  }
}

const ZEROS = Buffer.alloc(SMALL_BLOB_BYTES_MAX)

async function eraseInSegment(node: NodeContext, segmentId: string, records: RecordToErase[]): Promise<void> {
  const { files } = node
  const fd = await openIfThere(node, segmentPath(node.path, segmentId))
  if (fd === null) return
  try {
    for (const { blobId, locator } of records) {
      if (locator.payloadBytes === 0) continue
      const head = Buffer.alloc(RECORD_HEADER_BYTES)
      await files.read(fd, [head], locator.recordOffset)
      const header = decodeRecordHeader(head)
      const isIt =
        header?.kind === 'blob' &&
        header.blobId === blobId &&
        header.segmentId === segmentId &&
        header.headBytes === locator.headBytes &&
        header.payloadBytes === locator.payloadBytes
      if (!isIt) continue
      await files.write(fd, ZEROS.subarray(0, locator.payloadBytes), locator.recordOffset + locator.headBytes)
    }
    await files.sync(fd)
  } finally {
    await files.close(fd)
  }
}

async function openIfThere({ files }: NodeContext, path: string): Promise<number | null> {
  try {
    return await files.open(path, constants.O_RDWR)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null
    throw error
  }
}

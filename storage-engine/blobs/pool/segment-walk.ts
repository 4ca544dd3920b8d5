import { constants } from 'node:fs'
import { alignUp } from '#storage-engine/blobs/pool/aligned-memory.ts'
import type { FileSystem } from '#storage-engine/blobs/pool/file-system.ts'
import {
  type DecodedRecord,
  decodeRecordHeader,
  decodeSegmentHeader,
  RECORD_ALIGNMENT,
  RECORD_HEADER_BYTES,
  SEGMENT_ALIGNMENT,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from '#storage-engine/blobs/pool/segment-format.ts'

const WINDOW_BYTES = 1_048_576
const ZERO_BLOCK = Buffer.alloc(SEGMENT_ALIGNMENT)

export type WalkedRecord = Extract<DecodedRecord, { kind: 'blob' }>

export interface SegmentSummary {
  isSealed: boolean
  /** Acknowledged records may be unreadable: see docs/formats/segment.md, Walking. */
  isDamaged: boolean
  recordCount: number
}

/** A segment file open for a walk; memory is one window, whatever the file's size. */
export interface SegmentWalk {
  readonly header: SegmentHeader
  readonly fileBytes: number
  readonly changedAt: number
  /** Whether the file ends with a seal: nobody appends any more. */
  isSealed(): Promise<boolean>
  /** Every whole record in order; `summary` is returned. */
  records(): AsyncGenerator<WalkedRecord, SegmentSummary>
  close(): Promise<void>
}

/** Null when the file has no whole header: its creator died (or is) between creating and filling it. */
export async function openSegmentWalk(files: FileSystem, path: string): Promise<SegmentWalk | null> {
  const fd = await files.open(path, constants.O_RDONLY)
  const { size: fileBytes, changedAt } = await files.stat(fd)
  const window = createWindow(files, fd)
  const header = decodeSegmentHeader(await window.at(0, SEGMENT_HEADER_BYTES))
  if (header === null) {
    await files.close(fd)
    return null
  }

  return {
    header,
    fileBytes,
    changedAt,
    async isSealed() {
      const block = Buffer.alloc(SEGMENT_ALIGNMENT)
      await files.read(fd, [block], fileBytes - SEGMENT_ALIGNMENT)
      const record = decodeRecordHeader(block)
      return record?.kind === 'seal' && record.segmentId === header.segmentId
    },
    records: () => walkRecords({ window, header, fileBytes }),
    close: () => files.close(fd),
  }
}

interface Window {
  /** `length` bytes from `position`, fewer at the end of the file; valid until the next call. */
  at(position: number, length: number): Promise<Buffer>
}

function createWindow(files: FileSystem, fd: number): Window {
  const window = Buffer.allocUnsafeSlow(WINDOW_BYTES)
  let start = 0
  let end = 0
  return {
    async at(position, length) {
      if (position < start || position + length > end) {
        start = position
        end = position + (await files.read(fd, [window], position))
      }
      return window.subarray(position - start, Math.min(position - start + length, end - start))
    },
  }
}

interface WalkInput {
  window: Window
  header: SegmentHeader
  fileBytes: number
}

async function* walkRecords({ window, header, fileBytes }: WalkInput): AsyncGenerator<WalkedRecord, SegmentSummary> {
  let position = SEGMENT_HEADER_BYTES
  let recordCount = 0
  let sealedCount: number | null = null
  /** First place where a record should begin and none does. */
  let gapAt: number | null = null
  let isDamaged = false
  while (position < fileBytes) {
    const blockEnd = alignUp(position + 1, SEGMENT_ALIGNMENT)
    const rest = await window.at(position, Math.max(blockEnd - position, RECORD_HEADER_BYTES))
    const record = decodeRecordHeader(rest)
    if (record === null || record.offset !== position || record.segmentId !== header.segmentId) {
      // Zeros are normal up to the end of a group; groups follow each other without a hole.
      const isPadding = position % SEGMENT_ALIGNMENT !== 0 && isZero(rest.subarray(0, blockEnd - position))
      if (!isPadding) gapAt ??= position
      position = blockEnd
      continue
    }
    if (gapAt !== null && record.groupOffset > gapAt) isDamaged = true
    if (record.kind === 'seal') {
      sealedCount = record.recordCount
      position = blockEnd
      continue
    }
    position = alignUp(position + record.headBytes + record.payloadBytes, RECORD_ALIGNMENT)
    if (position > fileBytes) {
      // Its end was cut off. A whole file never ends inside of a record.
      gapAt ??= record.offset
      continue
    }
    recordCount += 1
    yield record
  }
  const isSealed = sealedCount !== null
  return { isSealed, isDamaged: isDamaged || (isSealed && sealedCount !== recordCount), recordCount }
}

function isZero(bytes: Buffer): boolean {
  return bytes.equals(ZERO_BLOCK.subarray(0, bytes.length))
}

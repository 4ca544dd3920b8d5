import { crc32c } from '@node-rs/crc32'
import type { BlobOwner } from '#storage-engine/blobs/blob-store.ts'
import { alignUp } from '#storage-engine/blobs/pool/aligned-memory.ts'
import { readUuid, writeUuid } from '#storage-engine/blobs/pool/uuid-bytes.ts'

// docs/formats/segment.md, version 1. These numbers are on disks: they may never change.
export const SEGMENT_ALIGNMENT = 4_096
export const SEGMENT_HEADER_BYTES = 4_096
export const RECORD_ALIGNMENT = 64
export const RECORD_HEADER_BYTES = 128
export const RECORD_BLOCK_BYTES = 65_536
const FILE_MAGIC = Buffer.from('SCEAUSEG', 'latin1')
const RECORD_MAGIC = Buffer.from('SREC', 'latin1')
const VERSION = 1
const KIND_BLOB = 1
const KIND_SEAL = 2
const FILE_CRC_OFFSET = 64
const RECORD_CRC_OFFSET = 124

export interface SegmentHeader {
  /** 24 hexadecimal digits. */
  segmentId: string
  /** 24 hexadecimal digits. */
  writerId: string
  clusterId: string
  createdAt: number
}

export interface RecordPlace {
  segmentId: string
  offset: number
  groupOffset: number
}

export interface BlobRecord {
  blobId: string
  owner: BlobOwner
  writtenAt: number
  payloadBytes: number
}

export type DecodedRecord =
  | ({ kind: 'blob'; headBytes: number; headerCrc: number } & RecordPlace & BlobRecord)
  | ({ kind: 'seal'; recordCount: number } & RecordPlace)

export function encodeSegmentHeader(target: Buffer, header: SegmentHeader): void {
  target.fill(0, 0, SEGMENT_HEADER_BYTES)
  FILE_MAGIC.copy(target, 0)
  target.writeUInt8(VERSION, 8)
  target.write(header.segmentId, 12, 12, 'hex')
  target.write(header.writerId, 24, 12, 'hex')
  writeUuid(target, 40, header.clusterId)
  target.writeBigUInt64LE(BigInt(header.createdAt), 56)
  target.writeUInt32LE(crc32c(target.subarray(0, FILE_CRC_OFFSET)), FILE_CRC_OFFSET)
}

/** Null when `source` does not begin with a whole file header of a version that we know. */
export function decodeSegmentHeader(source: Buffer): SegmentHeader | null {
  if (source.length < FILE_CRC_OFFSET + 4 || !source.subarray(0, 8).equals(FILE_MAGIC)) return null
  if (source.readUInt8(8) !== VERSION) return null
  if (source.readUInt32LE(FILE_CRC_OFFSET) !== crc32c(source.subarray(0, FILE_CRC_OFFSET))) return null
  return {
    segmentId: source.toString('hex', 12, 24),
    writerId: source.toString('hex', 24, 36),
    clusterId: readUuid(source, 40),
    createdAt: Number(source.readBigUInt64LE(56)),
  }
}

/** Bytes before the payload. */
export function recordHeadBytes(payloadBytes: number): number {
  return RECORD_HEADER_BYTES + 4 * Math.ceil(payloadBytes / RECORD_BLOCK_BYTES)
}

/** Bytes that a record takes in the file. */
export function recordBytes(payloadBytes: number): number {
  return alignUp(recordHeadBytes(payloadBytes) + payloadBytes, RECORD_ALIGNMENT)
}

/** Writes the record's head at the start of `target`; its payload must already stand behind it. */
export function encodeRecordHead(target: Buffer, place: RecordPlace, record: BlobRecord): void {
  startRecord(target, KIND_BLOB, place)
  target.writeUInt8(record.owner.form, 6)
  target.writeUInt32LE(record.payloadBytes, 8)
  target.writeUInt32LE(record.owner.partNumber, 36)
  target.writeBigUInt64LE(BigInt(record.writtenAt), 40)
  writeUuid(target, 48, record.blobId)
  writeUuid(target, 64, record.owner.namespaceId)
  writeUuid(target, 80, record.owner.bucketId)
  writeUuid(target, 96, record.owner.versionId)
  const headerCrc = endRecord(target)
  const headBytes = recordHeadBytes(record.payloadBytes)
  for (let start = 0, index = 0; start < record.payloadBytes; start += RECORD_BLOCK_BYTES, index += 1) {
    const end = Math.min(start + RECORD_BLOCK_BYTES, record.payloadBytes)
    const crc = recordBlockCrc({ headerCrc, index }, target.subarray(headBytes + start, headBytes + end))
    target.writeUInt32LE(crc, RECORD_HEADER_BYTES + 4 * index)
  }
}

/** Fills the first SEGMENT_ALIGNMENT bytes of `target`. */
export function encodeSeal(target: Buffer, place: RecordPlace, recordCount: number): void {
  target.fill(0, 0, SEGMENT_ALIGNMENT)
  startRecord(target, KIND_SEAL, place)
  target.writeUInt32LE(recordCount, 36)
  endRecord(target)
}

/** Null when `source` does not begin with a whole record header of a version that we know. */
export function decodeRecordHeader(source: Buffer): DecodedRecord | null {
  if (source.length < RECORD_HEADER_BYTES || !source.subarray(0, 4).equals(RECORD_MAGIC)) return null
  const headerCrc = source.readUInt32LE(RECORD_CRC_OFFSET)
  if (source.readUInt8(4) !== VERSION || headerCrc !== crc32c(source.subarray(0, RECORD_CRC_OFFSET))) return null
  const place = {
    segmentId: source.toString('hex', 24, 36),
    offset: source.readUInt32LE(16),
    groupOffset: source.readUInt32LE(20),
  }
  const kind = source.readUInt8(5)
  if (kind === KIND_SEAL) return { kind: 'seal', recordCount: source.readUInt32LE(36), ...place }
  if (kind !== KIND_BLOB) return null
  const payloadBytes = source.readUInt32LE(8)
  return {
    kind: 'blob',
    ...place,
    headerCrc,
    headBytes: recordHeadBytes(payloadBytes) + source.readUInt32LE(12),
    payloadBytes,
    blobId: readUuid(source, 48),
    owner: {
      namespaceId: readUuid(source, 64),
      bucketId: readUuid(source, 80),
      versionId: readUuid(source, 96),
      partNumber: source.readUInt32LE(36),
      form: source.readUInt8(6),
    },
    writtenAt: Number(source.readBigUInt64LE(40)),
  }
}

export function recordBlockCrc({ headerCrc, index }: { headerCrc: number; index: number }, block: Buffer): number {
  return crc32c(block, (headerCrc + index) >>> 0)
}

function startRecord(target: Buffer, kind: number, place: RecordPlace): void {
  target.fill(0, 0, RECORD_HEADER_BYTES)
  RECORD_MAGIC.copy(target, 0)
  target.writeUInt8(VERSION, 4)
  target.writeUInt8(kind, 5)
  target.writeUInt32LE(place.offset, 16)
  target.writeUInt32LE(place.groupOffset, 20)
  target.write(place.segmentId, 24, 12, 'hex')
}

function endRecord(target: Buffer): number {
  const headerCrc = crc32c(target.subarray(0, RECORD_CRC_OFFSET))
  target.writeUInt32LE(headerCrc, RECORD_CRC_OFFSET)
  return headerCrc
}

import { crc32c } from '@node-rs/crc32'
import type { BlobOwner } from '#storage-engine/blobs/blob-store.ts'
import { readUuid, writeUuid } from '#storage-engine/blobs/pool/uuid-bytes.ts'

// docs/formats/stripe.md, version 1. These numbers are on disks: they may never change.
export const STRIPE_PAGE_BYTES = 65_536
export const STRIPE_PAGE_PAYLOAD_BYTES = 65_532
export const STRIPE_HEADER_BYTES = 4_096
const MAGIC = Buffer.from('SCEAUSTR', 'latin1')
const VERSION = 1
const IDENTITY_END = 112
const HEADER_END = 128
const FIXED_END = 132
const HEADER_BYTES_MAX = 1_048_576

export interface StripeHeader {
  clusterId: string
  blobId: string
  owner: BlobOwner
  writtenAt: number
  payloadBytes: number
}

export interface DecodedStripeHeader extends StripeHeader {
  /** Where page 0 starts. */
  headerBytes: number
  /** What page checksums continue from. */
  identityCrc: number
}

/** Fills the first STRIPE_HEADER_BYTES of `target`; returns the identity CRC, which does not depend on `payloadBytes`. */
export function encodeStripeHeader(target: Buffer, header: StripeHeader): number {
  target.fill(0, 0, STRIPE_HEADER_BYTES)
  MAGIC.copy(target, 0)
  target.writeUInt8(VERSION, 8)
  target.writeUInt8(1, 9)
  target.writeUInt32LE(STRIPE_HEADER_BYTES, 12)
  writeUuid(target, 16, header.clusterId)
  writeUuid(target, 32, header.blobId)
  writeUuid(target, 48, header.owner.namespaceId)
  writeUuid(target, 64, header.owner.bucketId)
  writeUuid(target, 80, header.owner.versionId)
  target.writeUInt32LE(header.owner.partNumber, 96)
  target.writeUIntLE(header.writtenAt, 104, 6)
  target.writeUInt8(header.owner.form, 110)
  const identityCrc = crc32c(target.subarray(0, IDENTITY_END))
  target.writeUInt32LE(identityCrc, IDENTITY_END)
  target.writeBigUInt64LE(BigInt(header.payloadBytes), 120)
  target.writeUInt32LE(crc32c(target.subarray(0, HEADER_END)), HEADER_END)
  return identityCrc
}

/** Null when `source` does not begin with a whole header of a version that we know. */
export function decodeStripeHeader(source: Buffer): DecodedStripeHeader | null {
  if (source.length < FIXED_END || !source.subarray(0, 8).equals(MAGIC) || source.readUInt8(8) !== VERSION) return null
  if (source.readUInt32LE(HEADER_END) !== crc32c(source.subarray(0, HEADER_END))) return null
  const headerBytes = source.readUInt32LE(12)
  if (headerBytes < STRIPE_HEADER_BYTES || headerBytes > HEADER_BYTES_MAX || headerBytes % 4_096 !== 0) return null
  return {
    clusterId: readUuid(source, 16),
    blobId: readUuid(source, 32),
    owner: {
      namespaceId: readUuid(source, 48),
      bucketId: readUuid(source, 64),
      versionId: readUuid(source, 80),
      partNumber: source.readUInt32LE(96),
      form: source.readUInt8(110),
    },
    writtenAt: source.readUIntLE(104, 6),
    payloadBytes: Number(source.readBigUInt64LE(120)),
    headerBytes,
    identityCrc: source.readUInt32LE(IDENTITY_END),
  }
}

export function stripePageCrc({ identityCrc, index }: { identityCrc: number; index: number }, payload: Buffer): number {
  return crc32c(payload, (identityCrc + index) >>> 0)
}

/** `stripes/` path below a node: blobs of the same 65 seconds share a directory. */
export function stripeDirectories(blobId: string): { parent: string; child: string } {
  return { parent: blobId.slice(0, 5), child: blobId.slice(5, 8) }
}

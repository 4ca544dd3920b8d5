import { FLOE_HEADER_BYTES, FLOE_PARAMETERS, SEALED_SEGMENT_BYTES, sealedSizeOf } from '#storage-engine/crypto/floe.ts'

const LENGTH_BYTES = 4
const NOT_LAST = Buffer.alloc(LENGTH_BYTES, 0xff)

/** What a whole FLOE message shows to whoever has no key: its parameters, and the length in front of each segment. */
export interface FloeFrame {
  /** The next bytes of the message, in order. */
  push(bytes: Buffer): void
  /** Whether everything pushed was, byte for byte, where and what a message of exactly this size has. */
  isWhole(): boolean
}

export function createFloeFrame(storedSize: number): FloeFrame {
  const lastAt = lastSegmentAt(storedSize)
  let position = 0
  let holds = lastAt !== null

  /** Compares what of `expected` (at `at` in the message) lies in these bytes. */
  function compare(bytes: Buffer, at: number, expected: Buffer): void {
    const start = Math.max(at, position)
    const end = Math.min(at + expected.length, position + bytes.length)
    if (start >= end) return
    const found = bytes.subarray(start - position, end - position)
    if (!found.equals(expected.subarray(start - at, end - at))) holds = false
  }

  return {
    push(bytes) {
      if (lastAt !== null) {
        compare(bytes, 0, FLOE_PARAMETERS)
        const before = Math.floor((position - FLOE_HEADER_BYTES - LENGTH_BYTES) / SEALED_SEGMENT_BYTES)
        const first = FLOE_HEADER_BYTES + Math.max(0, before) * SEALED_SEGMENT_BYTES
        for (let at = first; at < Math.min(position + bytes.length, lastAt); at += SEALED_SEGMENT_BYTES) {
          compare(bytes, at, NOT_LAST)
        }
        compare(bytes, lastAt, lengthOf(storedSize - lastAt))
      }
      position += bytes.length
    },
    isWhole: () => holds && position === storedSize,
  }
}

/** Bytes of plaintext in a message of `storedSize` bytes; null when no message has that size. */
export function plainSizeOf(storedSize: number): number | null {
  const overhead = sealedSizeOf(0) - FLOE_HEADER_BYTES
  const sealed = storedSize - FLOE_HEADER_BYTES
  const plain = sealed - overhead * Math.max(1, Math.ceil(sealed / SEALED_SEGMENT_BYTES))
  return plain >= 0 && sealedSizeOf(plain) === storedSize ? plain : null
}

function lastSegmentAt(storedSize: number): number | null {
  if (plainSizeOf(storedSize) === null) return null
  const segments = Math.max(1, Math.ceil((storedSize - FLOE_HEADER_BYTES) / SEALED_SEGMENT_BYTES))
  return FLOE_HEADER_BYTES + (segments - 1) * SEALED_SEGMENT_BYTES
}

function lengthOf(segmentBytes: number): Buffer {
  const encoded = Buffer.alloc(LENGTH_BYTES)
  encoded.writeUInt32BE(segmentBytes)
  return encoded
}

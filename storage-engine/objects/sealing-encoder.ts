import type { KeyObject } from 'node:crypto'
import type { BlobEncoder } from '#storage-engine/blobs/blob-store.ts'
import {
  createSealer,
  FLOE_HEADER_BYTES,
  PLAIN_SEGMENT_BYTES,
  SEALED_SEGMENT_BYTES,
  SEGMENT_HEAD_BYTES,
  type SegmentCipher,
  sealedSizeOf,
} from '#storage-engine/crypto/floe.ts'

interface SealingEncoderInput {
  key: KeyObject | Buffer
  aad: Buffer
  /** Bytes of plaintext. */
  size: number
}

/** Turns a body of known size into one FLOE message, sealed in the memory that goes to disk. */
export function createSealingEncoder({ key, aad, size }: SealingEncoderInput): BlobEncoder {
  const sealer = createSealer({ key, aad })
  let rest = size
  let room = 0
  let segment: SegmentCipher | undefined
  /** What comes next that is no ciphertext: the header, or a tag, each with the head of the segment that follows. */
  let frame: Buffer = Buffer.concat([sealer.header, openSegment()])

  function openSegment(): Buffer {
    room = Math.min(rest, PLAIN_SEGMENT_BYTES)
    segment = sealer.startSegment(room, rest <= PLAIN_SEGMENT_BYTES)
    return segment.head
  }

  function closeSegment(ended: SegmentCipher): void {
    const tag = ended.end()
    segment = undefined
    frame = rest === 0 ? tag : Buffer.concat([tag, openSegment()])
  }

  function seal(piece: Buffer, cipher: SegmentCipher, read: (plain: Buffer) => void): void {
    read(piece)
    cipher.updateInPlace(piece)
    room -= piece.length
    rest -= piece.length
  }

  return {
    inputSize: size,
    outputSize(written) {
      if (written >= size) return sealedSizeOf(size)
      if (written === 0) return 0
      const begun = written % PLAIN_SEGMENT_BYTES
      const whole = (written - begun) / PLAIN_SEGMENT_BYTES
      return FLOE_HEADER_BYTES + whole * SEALED_SEGMENT_BYTES + (begun === 0 ? 0 : SEGMENT_HEAD_BYTES + begun)
    },
    encode(target, read) {
      for (let at = 0; at < target.length; ) {
        if (frame.length > 0) {
          const copied = frame.copy(target, at)
          frame = frame.subarray(copied)
          at += copied
        } else if (segment === undefined) {
          throw new RangeError(`More than the ${sealedSizeOf(size)} bytes of the message.`)
        } else if (room === 0) {
          closeSegment(segment)
        } else {
          const piece = target.subarray(at, at + room)
          seal(piece, segment, read)
          at += piece.length
        }
      }
    },
  }
}

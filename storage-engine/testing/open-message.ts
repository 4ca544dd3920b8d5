import {
  createOpener,
  FLOE_HEADER_BYTES,
  type FloeParameters,
  SEALED_SEGMENT_BYTES,
} from '#storage-engine/crypto/floe.ts'

/** Opens all segments of a FLOE message, of which the last one ends where the message does. Throws SealBrokenError. */
export function openMessage(input: { key: Buffer; aad: Buffer; sealed: Buffer; parameters?: FloeParameters }): Buffer {
  const opener = createOpener({ ...input, header: input.sealed.subarray(0, FLOE_HEADER_BYTES) })
  const segmentBytes = input.parameters?.sealedSegmentBytes ?? SEALED_SEGMENT_BYTES
  const body = input.sealed.subarray(FLOE_HEADER_BYTES)
  const count = Math.max(1, Math.ceil(body.length / segmentBytes))
  const plain = Array.from({ length: count }, (_, index) =>
    opener.openSegment(index, body.subarray(index * segmentBytes, (index + 1) * segmentBytes), index === count - 1),
  )
  return Buffer.concat(plain)
}

import type { KeyObject } from 'node:crypto'
import { createSealer, PLAIN_SEGMENT_BYTES } from '#storage-engine/crypto/floe.ts'

export interface SegmentSealer {
  write(chunk: Buffer): void | Promise<void>
  /** Seals what is left as the last segment; every message has one, an empty body too. */
  end(): Promise<void>
}

/**
 * Turns chunks of any size into one FLOE message. A full segment is held back until the next byte arrives, because the
 * cipher must know which segment is the last. Holds at most one segment of 64 KiB.
 */
export function createSegmentSealer(input: {
  key: KeyObject | Buffer
  aad: Buffer
  /** Takes ownership of each buffer; a promise means: wait. */
  write: (chunk: Buffer) => void | Promise<void>
}): SegmentSealer {
  const sealer = createSealer({ key: input.key, aad: input.aad })
  let segment = Buffer.allocUnsafeSlow(PLAIN_SEGMENT_BYTES)
  let filled = 0
  let headerIsWritten = false

  async function flush(isLast: boolean): Promise<void> {
    if (!headerIsWritten) {
      headerIsWritten = true
      await input.write(sealer.header)
    }
    const sealed = sealer.sealSegment(segment.subarray(0, filled), isLast)
    filled = 0
    for (const piece of Array.isArray(sealed) ? sealed : [sealed]) await input.write(piece)
  }

  async function writeAcross(chunk: Buffer): Promise<void> {
    for (let offset = 0; offset < chunk.length; ) {
      if (filled === PLAIN_SEGMENT_BYTES) await flush(false)
      const length = Math.min(PLAIN_SEGMENT_BYTES - filled, chunk.length - offset)
      chunk.copy(segment, filled, offset, offset + length)
      filled += length
      offset += length
    }
  }

  return {
    write(chunk) {
      if (filled + chunk.length > PLAIN_SEGMENT_BYTES) return writeAcross(chunk)
      chunk.copy(segment, filled)
      filled += chunk.length
    },
    async end() {
      await flush(true)
      segment = Buffer.alloc(0)
    },
  }
}

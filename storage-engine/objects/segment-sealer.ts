import type { KeyObject } from 'node:crypto'
import { createSealer, PLAIN_SEGMENT_BYTES } from '#storage-engine/crypto/floe.ts'

/** More are put together: a small view may hold on to all the memory of a big buffer. */
const PIECE_COUNT_MAX = 16

export interface SegmentSealer {
  /** Keeps the chunk: it must not change. */
  write(chunk: Buffer): void | Promise<void>
  /** Seals what is left as the last segment; every message has one, an empty body too. */
  end(): Promise<void>
}

/**
 * Turns chunks of any size into one FLOE message. A full segment is held back until the next byte arrives, because the
 * cipher must know which segment is the last. Holds at most one segment of 64 KiB, as the chunks it came in: a thousand slow
 * uploads then keep what has arrived and no buffer for what has not.
 */
export function createSegmentSealer(input: {
  key: KeyObject | Buffer
  aad: Buffer
  /** Takes ownership of each buffer; a promise means: wait. */
  write: (chunk: Buffer) => void | Promise<void>
}): SegmentSealer {
  const sealer = createSealer({ key: input.key, aad: input.aad })
  let pieces: Buffer[] = []
  let filled = 0
  let headerIsWritten = false

  async function flush(isLast: boolean): Promise<void> {
    if (!headerIsWritten) {
      headerIsWritten = true
      await input.write(sealer.header)
    }
    const sealed = sealer.sealSegment(pieces, isLast)
    pieces = []
    filled = 0
    for (const piece of sealed) {
      const wait = input.write(piece)
      if (wait !== undefined) await wait
    }
  }

  async function writeAcross(chunk: Buffer): Promise<void> {
    for (let offset = 0; offset < chunk.length; ) {
      if (filled === PLAIN_SEGMENT_BYTES) await flush(false)
      const length = Math.min(PLAIN_SEGMENT_BYTES - filled, chunk.length - offset)
      hold(chunk.subarray(offset, offset + length))
      offset += length
    }
  }

  function hold(piece: Buffer): void {
    if (pieces.length === PIECE_COUNT_MAX) pieces = [Buffer.concat(pieces, filled)]
    pieces.push(piece)
    filled += piece.length
  }

  return {
    write(chunk) {
      if (filled + chunk.length > PLAIN_SEGMENT_BYTES) return writeAcross(chunk)
      hold(chunk)
    },
    end: () => flush(true),
  }
}

import type { KeyObject } from 'node:crypto'
import { createSealer, PLAIN_SEGMENT_BYTES } from '#storage-engine/crypto/floe.ts'

/** More are put together: a small view may hold on to all the memory of a big buffer. */
const PIECE_COUNT_MAX = 16

export interface SegmentSealer {
  /** Takes the chunk, which may be kept and must not change. A promise means: wait for it before the next chunk. */
  write(chunk: Buffer): void | Promise<void>
  /** Seals what is left as the last segment; every message has one, an empty body too. */
  end(): Promise<void>
}

interface SegmentSealerInput {
  key: KeyObject | Buffer
  aad: Buffer
  /** Takes ownership of each buffer; a promise means: wait. */
  write: (chunk: Buffer) => void | Promise<void>
}

/**
 * Turns chunks of any size, of which nobody knows how many will come, into one FLOE message. A full segment is held back
 * until the next byte arrives, because the cipher must know which one is the last. Holds at most one segment of 64 KiB, as
 * the chunks it came in.
 */
export function createSegmentSealer({ key, aad, write }: SegmentSealerInput): SegmentSealer {
  const sealer = createSealer({ key, aad })
  let headerIsWritten = false
  let pieces: Buffer[] = []
  let filled = 0

  function writeAll(sealed: Buffer[]): void | Promise<void> {
    if (!headerIsWritten) {
      headerIsWritten = true
      sealed.unshift(sealer.header)
    }
    for (let index = 0; index < sealed.length; index++) {
      const waiting = write(sealed[index] as Buffer)
      if (waiting !== undefined) return waiting.then(() => writeAll(sealed.slice(index + 1)))
    }
  }

  function hold(piece: Buffer): void {
    if (pieces.length === PIECE_COUNT_MAX) pieces = [Buffer.concat(pieces, filled)]
    pieces.push(piece)
    filled += piece.length
  }

  function seal(isLast: boolean): Buffer[] {
    const sealed = sealer.sealSegment(pieces, isLast)
    pieces = []
    filled = 0
    return sealed
  }

  return {
    write(chunk) {
      const sealed: Buffer[] = []
      for (let offset = 0; offset < chunk.length; ) {
        if (filled === PLAIN_SEGMENT_BYTES) sealed.push(...seal(false))
        const piece = chunk.subarray(offset, offset + PLAIN_SEGMENT_BYTES - filled)
        hold(piece)
        offset += piece.length
      }
      return writeAll(sealed)
    },
    end: async () => writeAll(seal(true)),
  }
}

import type { KeyObject } from 'node:crypto'
import { createSealer, type FloeSealer, PLAIN_SEGMENT_BYTES, type SegmentCipher } from '#storage-engine/crypto/floe.ts'

/** More are put together: a small view may hold on to all the memory of a big buffer. */
const PIECE_COUNT_MAX = 16

export interface SegmentSealer {
  /**
   * Seals the chunk. Of a message of known size all of it is sealed before this returns; otherwise the chunk may be kept and
   * must not change. A promise means: wait for it before the next chunk.
   */
  write(chunk: Buffer): void | Promise<void>
  /** Seals what is left as the last segment; every message has one, an empty body too. Throws unless `size` bytes came. */
  end(): Promise<void>
}

interface SegmentSealerInput {
  key: KeyObject | Buffer
  aad: Buffer
  /** Bytes of plaintext, or null when nobody knows. */
  size: number | null
  /** Takes ownership of each buffer; a promise means: wait. */
  write: (chunk: Buffer) => void | Promise<void>
}

/** Turns chunks of any size into one FLOE message. */
export function createSegmentSealer({ key, aad, size, write }: SegmentSealerInput): SegmentSealer {
  const sealer = createSealer({ key, aad })
  const stage = size === null ? sealWhenFull(sealer) : sealAsItComes(sealer, size)
  let headerIsWritten = false

  function writeAll(pieces: Buffer[]): void | Promise<void> {
    if (!headerIsWritten) {
      headerIsWritten = true
      pieces.unshift(sealer.header)
    }
    for (let index = 0; index < pieces.length; index++) {
      const waiting = write(pieces[index] as Buffer)
      if (waiting !== undefined) return waiting.then(() => writeAll(pieces.slice(index + 1)))
    }
  }

  return {
    write: (chunk) => writeAll(stage.take(chunk)),
    end: async () => writeAll(stage.finish()),
  }
}

/** Both return what can go out. */
interface Stage {
  take(chunk: Buffer): Buffer[]
  finish(): Buffer[]
}

/** Which segment is the last one follows from the size, so nothing is held back. */
function sealAsItComes(sealer: FloeSealer, size: number): Stage {
  let rest = size
  let segment: SegmentCipher | null = null
  let room = 0

  function open(sealed: Buffer[]): SegmentCipher {
    room = Math.min(rest, PLAIN_SEGMENT_BYTES)
    const opened = sealer.startSegment(room, rest <= PLAIN_SEGMENT_BYTES)
    sealed.push(opened.head)
    return opened
  }

  return {
    take(chunk) {
      if (chunk.length > rest) throw new RangeError(`More than the ${size} bytes that were announced.`)
      const sealed: Buffer[] = []
      for (let offset = 0; offset < chunk.length; ) {
        segment ??= open(sealed)
        const piece = chunk.subarray(offset, offset + room)
        sealed.push(segment.update(piece))
        offset += piece.length
        room -= piece.length
        rest -= piece.length
        if (room > 0) continue
        sealed.push(segment.end())
        segment = null
      }
      return sealed
    },
    finish() {
      if (rest > 0) throw new RangeError(`${rest} of ${size} bytes are missing.`)
      return size === 0 ? sealer.sealSegment([], true) : []
    },
  }
}

/**
 * A full segment is held back until the next byte arrives, because the cipher must know which one is the last. Holds at most
 * one segment of 64 KiB, as the chunks it came in.
 */
function sealWhenFull(sealer: FloeSealer): Stage {
  let pieces: Buffer[] = []
  let filled = 0

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
    take(chunk) {
      const sealed: Buffer[] = []
      for (let offset = 0; offset < chunk.length; ) {
        if (filled === PLAIN_SEGMENT_BYTES) sealed.push(...seal(false))
        const piece = chunk.subarray(offset, offset + PLAIN_SEGMENT_BYTES - filled)
        hold(piece)
        offset += piece.length
      }
      return sealed
    },
    finish: () => seal(true),
  }
}

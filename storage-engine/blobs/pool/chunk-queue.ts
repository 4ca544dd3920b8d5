import { giveBack } from '#storage-engine/given-memory.ts'

/** Bytes that wait to be stored. */
export interface StoredQueue {
  /** How many can move now. */
  readonly size: number
  push(chunk: Uint8Array): void
  /** Moves the first `target.length` bytes into `target`; there must be as many. */
  moveTo(target: Buffer): void
  clear(): void
}

/** Bytes that arrived and were not written yet, kept as they came. */
export interface ChunkQueue extends StoredQueue {
  /** Moves every chunk out, as it came. */
  drain(): Uint8Array[]
}

/** With `ownsChunks` the queue gives back the memory of chunks that it has copied. */
export function createChunkQueue({ ownsChunks = false } = {}): ChunkQueue {
  let chunks: Uint8Array[] = []
  let size = 0
  /** Bytes of the first chunk that have moved on already. */
  let headOffset = 0
  const spent = (chunk: Uint8Array) => {
    if (ownsChunks) giveBack(chunk)
  }
  /** A small view of a big buffer (Node's own pool included) would keep all of it for as long as a slow client takes. */
  const unpinned = (chunk: Uint8Array, offset = 0) => {
    const length = chunk.length - offset
    if (length * 4 >= chunk.buffer.byteLength) return null
    const copy = Buffer.allocUnsafeSlow(length)
    copy.set(offset === 0 ? chunk : chunk.subarray(offset))
    spent(chunk)
    return copy
  }

  return {
    get size() {
      return size
    },
    push(chunk) {
      if (chunk.length === 0) return
      size += chunk.length
      chunks.push(unpinned(chunk) ?? chunk)
    },
    moveTo(target) {
      if (target.length > size) throw new Error('More bytes asked for than there are')
      let filled = 0
      let head = 0
      while (filled < target.length) {
        const chunk = chunks[head] as Uint8Array
        const taken = Math.min(chunk.length - headOffset, target.length - filled)
        target.set(taken === chunk.length ? chunk : chunk.subarray(headOffset, headOffset + taken), filled)
        filled += taken
        headOffset += taken
        if (headOffset < chunk.length) break
        head += 1
        headOffset = 0
        spent(chunk)
      }
      chunks = chunks.slice(head)
      size -= filled
      const rest = headOffset === 0 ? null : unpinned(chunks[0] as Uint8Array, headOffset)
      if (rest === null) return
      chunks[0] = rest
      headOffset = 0
    },
    drain() {
      const [first, ...others] = chunks
      const drained = headOffset === 0 ? chunks : [(first as Uint8Array).subarray(headOffset), ...others]
      chunks = []
      size = 0
      headOffset = 0
      return drained
    },
    clear() {
      chunks = []
      size = 0
      headOffset = 0
    },
  }
}

/** Bytes that arrived and were not written yet, kept as they came. */
export interface ChunkQueue {
  readonly size: number
  push(chunk: Uint8Array): void
  /** Moves the first `target.length` bytes into `target`; there must be as many. */
  moveTo(target: Buffer): void
  /** Moves every chunk out, as it came. */
  drain(): Uint8Array[]
  clear(): void
}

export function createChunkQueue(): ChunkQueue {
  let chunks: Uint8Array[] = []
  let size = 0

  return {
    get size() {
      return size
    },
    push(chunk) {
      if (chunk.length === 0) return
      chunks.push(unpinned(chunk))
      size += chunk.length
    },
    moveTo(target) {
      let filled = 0
      let head = 0
      let headOffset = 0
      while (filled < target.length) {
        const chunk = chunks[head]
        if (chunk === undefined) throw new Error('More bytes asked for than there are')
        const taken = Math.min(chunk.length - headOffset, target.length - filled)
        target.set(taken === chunk.length ? chunk : chunk.subarray(headOffset, headOffset + taken), filled)
        filled += taken
        headOffset += taken
        if (headOffset === chunk.length) {
          head += 1
          headOffset = 0
        }
      }
      chunks = chunks.slice(head)
      size -= filled
      const [first] = chunks
      if (first !== undefined && headOffset > 0) chunks[0] = unpinned(first.subarray(headOffset))
    },
    drain() {
      const drained = chunks
      chunks = []
      size = 0
      return drained
    },
    clear() {
      chunks = []
      size = 0
    },
  }
}

/** A small view of a big buffer (Node's own pool included) would keep all of it for as long as a slow client takes. */
function unpinned(chunk: Uint8Array): Uint8Array {
  if (chunk.length * 4 >= chunk.buffer.byteLength) return chunk
  const copy = Buffer.allocUnsafeSlow(chunk.length)
  copy.set(chunk)
  return copy
}

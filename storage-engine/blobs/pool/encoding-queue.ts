import type { BlobEncoder } from '#storage-engine/blobs/blob-store.ts'
import type { ChunkQueue, StoredQueue } from '#storage-engine/blobs/pool/chunk-queue.ts'

/** Keeps what was written as it came, and encodes it on its way out. */
export function createEncodingQueue(written: ChunkQueue, encoder: BlobEncoder): StoredQueue {
  let writtenBytes = 0
  let movedBytes = 0
  const read = (input: Buffer) => written.moveTo(input)
  return {
    get size() {
      return encoder.outputSize(writtenBytes) - movedBytes
    },
    push(chunk) {
      writtenBytes += chunk.length
      written.push(chunk)
    },
    moveTo(target) {
      movedBytes += target.length
      encoder.encode(target, read)
    },
    clear() {
      written.clear()
      movedBytes = encoder.outputSize(writtenBytes)
    },
  }
}

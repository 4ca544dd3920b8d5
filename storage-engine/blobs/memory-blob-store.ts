import { CorruptBlobError } from '#storage-engine/blobs/blob-errors.ts'
import { isOwnedBy } from '#storage-engine/blobs/blob-owner.ts'
import { PURGE_HEAD_BYTES, type PurgeableBlobStore } from '#storage-engine/blobs/blob-purge.ts'
import type { BlobEncoder, BlobOwner, BlobWriter, CreateBlobInput } from '#storage-engine/blobs/blob-store.ts'
import { StorageError } from '#storage-engine/errors.ts'

interface StoredBlob {
  bytes: Buffer
  owner: BlobOwner
  writtenAt: number
}

const NODE_ID = 'memory'
const TOTAL_BYTES = 1_073_741_824

/** Keeps blobs in this process, for tests: nothing survives it. Refuses writes above 1 GiB with InsufficientStorage. */
export function createMemoryBlobStore({ now = Date.now }: { now?: () => number } = {}): PurgeableBlobStore {
  const blobs = new Map<string, StoredBlob>()
  const usedBytes = () => [...blobs.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)
  let isClosed = false

  return {
    create(input) {
      if (isClosed) throw new StorageError('ServiceUnavailable')
      if (usedBytes() >= TOTAL_BYTES) throw new StorageError('InsufficientStorage')
      return createMemoryWriter(input, (bytes) =>
        blobs.set(input.blobId, { bytes, owner: input.owner, writtenAt: now() }),
      )
    },
    read({ blobId, locator, owner, size }, { offset, length }) {
      const blob = blobs.get(blobId)
      if (blob === undefined) throw new CorruptBlobError('missing', { nodeId: NODE_ID, locator })
      if (offset < 0 || length < 0 || offset + length > blob.bytes.length) {
        throw new RangeError('The range lies outside of the blob')
      }
      if (!isOwnedBy(blob.owner, owner) || (size !== undefined && size !== blob.bytes.length)) {
        throw new CorruptBlobError('mismatch', { nodeId: NODE_ID, locator })
      }
      return Buffer.from(blob.bytes.subarray(offset, offset + length))
    },
    async remove(refs) {
      for (const { blobId } of refs) blobs.delete(blobId)
    },
    async erase(refs) {
      for (const { blobId } of refs) blobs.delete(blobId)
    },
    async purge(host) {
      const known = await host.findKnown([...blobs.keys()])
      const report = { erased: 0, pending: 0 }
      for (const [blobId, { bytes, owner, writtenAt }] of blobs) {
        const isDead = host.namespaceIds.has(owner.namespaceId) && !known.has(blobId)
        if (!isDead || !host.isWanted(owner, bytes.subarray(0, PURGE_HEAD_BYTES))) continue
        const isYoung = writtenAt >= host.writtenBefore.getTime()
        report[isYoung ? 'pending' : 'erased'] += 1
        if (!isYoung) blobs.delete(blobId)
      }
      return report
    },
    async collect(host) {
      const known = await host.findKnown([...blobs.keys()])
      let orphansRemoved = 0
      let bytesReclaimed = 0
      for (const [blobId, { bytes, writtenAt }] of blobs) {
        if (known.has(blobId) || writtenAt >= host.orphansBefore.getTime()) continue
        blobs.delete(blobId)
        orphansRemoved += 1
        bytesReclaimed += bytes.length
      }
      return { orphansRemoved, segmentsCompacted: 0, bytesReclaimed }
    },
    async status() {
      const used = usedBytes()
      const space = { totalBytes: TOTAL_BYTES, usedBytes: used, freeBytes: TOTAL_BYTES - used }
      return [{ nodeId: NODE_ID, path: '', state: 'online', ...space }]
    },
    async close() {
      isClosed = true
    },
  }
}

function createMemoryWriter({ blobId, size, encoder }: CreateBlobInput, store: (bytes: Buffer) => void): BlobWriter {
  let chunks: Uint8Array[] = []
  let isOpen = true
  return {
    write(chunk) {
      if (!isOpen) throw new Error('The blob is not open for writing any more')
      chunks.push(chunk)
    },
    async commit() {
      if (!isOpen) throw new Error('The blob is not open for writing any more')
      const written = Buffer.concat(chunks)
      const announced = encoder?.inputSize ?? size
      if (announced !== null && written.length !== announced) {
        throw new Error(`The blob was announced with ${announced} bytes and got ${written.length}`)
      }
      const bytes = encoder === undefined ? written : encodeWhole(encoder, written)
      isOpen = false
      store(bytes)
      return { blobId, locator: `m1.${bytes.length}` }
    },
    async abort() {
      isOpen = false
      chunks = []
    },
  }
}

function encodeWhole(encoder: BlobEncoder, written: Buffer): Buffer {
  const stored = Buffer.alloc(encoder.outputSize(written.length))
  let at = 0
  encoder.encode(stored, (input) => {
    at += written.copy(input, 0, at)
  })
  return stored
}

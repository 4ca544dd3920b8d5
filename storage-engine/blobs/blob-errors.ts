interface BlobPlace {
  nodeId: string
  locator: string
}

/**
 * The bytes at the locator are not the bytes that were written: `mismatch` (a checksum or an identity does not hold),
 * `short` (the file ends too early) or `missing` (no file). Nothing of the block was handed out.
 */
export class CorruptBlobError extends Error {
  override readonly name = 'CorruptBlobError'
  readonly reason: 'mismatch' | 'short' | 'missing'
  readonly nodeId: string
  readonly locator: string

  constructor(reason: 'mismatch' | 'short' | 'missing', place: BlobPlace, cause?: unknown) {
    super(`Blob at ${place.locator} on node ${place.nodeId}: ${reason}`, { cause })
    this.reason = reason
    this.nodeId = place.nodeId
    this.locator = place.locator
  }
}

/**
 * The segment that the locator names is gone. Compaction moves blobs, so look the locator up again and read once more;
 * if it did not change, the bytes are lost.
 */
export class BlobMovedError extends Error {
  override readonly name = 'BlobMovedError'
  readonly nodeId: string
  readonly locator: string

  constructor(place: BlobPlace, cause?: unknown) {
    super(`Blob at ${place.locator} on node ${place.nodeId} has moved`, { cause })
    this.nodeId = place.nodeId
    this.locator = place.locator
  }
}

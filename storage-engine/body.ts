/** A request body after its transfer framing is taken off: what an operation writes is exactly these bytes. */
export interface Body {
  /** Declared size of the decoded bytes; null when the client did not say. */
  readonly declaredSize: number | null
  /**
   * Pushes every decoded chunk into `sink`, waiting whenever it returns a promise, and resolves once the body is complete
   * and its own claims hold: length (IncompleteBody), signed chunks (SignatureDoesNotMatch), payload hash
   * (XAmzContentSHA256Mismatch). Callable once. Chunks are never reused, so a sink may keep them.
   */
  drainTo(sink: (chunk: Buffer) => void | Promise<void>): Promise<void>
  /** Whether each chunk is the sink's alone once it has it, so that its memory may be given back. */
  readonly givesChunksAway: boolean
  /** Checksums that came behind the body, by algorithm, base64; complete once drainTo has resolved. */
  readonly trailingChecksums: ReadonlyMap<ChecksumAlgorithm, string>
}

export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number]

/** A body already in memory. */
export function bodyOf(content: Buffer): Body {
  return {
    declaredSize: content.length,
    givesChunksAway: false,
    trailingChecksums: new Map(),
    async drainTo(sink) {
      if (content.length > 0) await sink(content)
    },
  }
}

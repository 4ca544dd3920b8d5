/**
 * Where opaque, immutable bytes live. A store knows nothing of buckets, keys or encryption: what it is given is already
 * sealed when it has to be, or comes with an encoder that seals it. Every implementation passes `blob-store.conformance.ts`.
 *
 * Order of a write: `create` → `write`… → `commit` (durable when it resolves) → the caller's Postgres transaction.
 * A blob without a row in Postgres is garbage, and `collect` removes it after a delay. Nothing is ever overwritten.
 */
export interface BlobStore {
  /** Opens a writer. Throws InsufficientStorage or ServiceUnavailable at once when no node takes writes. */
  create(input: CreateBlobInput): BlobWriter
  /**
   * Reads `length` bytes from `offset`, checked block by block: resolves to exactly those bytes or rejects.
   * Callers bound `length` (≤ 1 MiB). Returns (and may throw) synchronously when the bytes are at hand. Throws
   * CorruptBlobError when the bytes are not those that were written; BlobMovedError when the locator is out of date: look
   * it up again and read once more. RangeError for a range outside of the blob.
   *
   * The answer is the caller's alone. With `scratch` (READ_SCRATCH_BYTES) it may lie there, until the caller uses it again:
   * large reads then need no memory of their own.
   */
  read(blob: BlobToRead, range: BlobRange, scratch?: Buffer): Buffer | Promise<Buffer>
  /**
   * Removes bytes of blobs that nothing refers to. Idempotent: a blob that is gone already is no error. Small blobs share
   * a file with others: their space returns only when `collect` compacts it, once their row is gone.
   */
  remove(refs: BlobRef[]): Promise<void>
  /** Housekeeping: removes orphans (never committed), compacts segments. One caller at a time, the jobs process. */
  collect(host: CollectHost): Promise<CollectReport>
  status(): Promise<NodeStatus[]>
  /** Waits for writes under way, then closes files. */
  close(): Promise<void>
}

/** Enough for 256 KiB of any alignment in whole blocks of 64 KiB. */
export const READ_SCRATCH_BYTES = 6 * 65_536

export interface CreateBlobInput {
  /** UUID, time-ordered (version 7), never used before. */
  blobId: string
  /** Stored size when known; it chooses segment or stripe file. Writing another number of bytes rejects at commit. */
  size: number | null
  /** Written into the blob's header in clear: ids and numbers only, never names. */
  owner: BlobOwner
  /** Whether the chunks become the writer's own, who then gives their memory back as soon as it can. */
  ownsChunks?: boolean
  /** Stores what it makes of the chunks and not the chunks; `size` is known then, and the blob has a file of its own. */
  encoder?: BlobEncoder
}

/**
 * Makes the bytes that are stored out of those that are written, such as a cipher does. The store asks for them once it has
 * memory to write from: they come into being where they go to disk, and are neither copied nor kept before.
 */
export interface BlobEncoder {
  /** Bytes to be written in all. */
  readonly inputSize: number
  /** How many stored bytes there can be, from the first one, once `written` bytes are there. */
  outputSize(written: number): number
  /** Fills `target` with the next stored bytes. `read` fills a buffer with the next ones of those written, which are there. */
  encode(target: Buffer, read: (input: Buffer) => void): void
}

export interface BlobOwner {
  namespaceId: string
  bucketId: string
  versionId: string
  /** 0 for a single body. */
  partNumber: number
  /** What the bytes are, one byte of the caller's own meaning; 0 says nothing of it. */
  form: number
}

export interface BlobWriter {
  /** Takes the bytes; the caller must not change them afterwards. A promise means: wait for it before the next write. */
  write(chunk: Uint8Array): void | Promise<void>
  /** Resolves once the bytes and their directory entries are durable. Small blobs of many writers share one flush. */
  commit(): Promise<BlobRef>
  /**
   * Forgets everything written; whoever does not commit must abort. Safe at any time, also after a failure and twice;
   * never throws. After a commit it does nothing.
   */
  abort(): Promise<void>
}

export interface BlobRef {
  blobId: string
  /** The store's own notation, ≤ 200 ASCII characters, kept in Postgres. */
  locator: string
}

/** What the caller believes of a blob is compared with the blob's header: a row that lies is a CorruptBlobError. */
export interface BlobToRead extends BlobRef {
  /** A form of 0, here or in the header, agrees with any other. */
  owner?: BlobOwner
  /** Bytes of the whole blob. */
  size?: number
  /**
   * The caller verifies each byte, and whose it is, by something stronger, such as a cipher's tag: no checksum is computed
   * then, and a small blob's header is not read.
   */
  isVerifiedByCaller?: boolean
}

export interface BlobRange {
  offset: number
  length: number
}

export interface CollectHost {
  /**
   * Of these ids (at most 1,000), the ones that have a row in Postgres, each with its locator: a copy that a move left
   * behind is thereby told from the blob.
   */
  findKnown(blobIds: string[]): Promise<ReadonlyMap<string, string>>
  /** Compare-and-swap of locators after a move; resolves to the ids that were swapped. The bytes are durable at both places. */
  relocate(moves: { blobId: string; from: string; to: string }[]): Promise<Set<string>>
  /** Only blobs written before this moment may be taken for orphans: a commit may be under way. */
  orphansBefore: Date
  signal: AbortSignal
}

export interface CollectReport {
  orphansRemoved: number
  segmentsCompacted: number
  bytesReclaimed: number
}

export interface NodeStatus {
  nodeId: string
  path: string
  state: 'online' | 'suspect' | 'offline'
  totalBytes: number
  freeBytes: number
  usedBytes: number
}

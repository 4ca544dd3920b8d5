import type { BlobOwner, BlobRef, BlobStore, CollectHost } from '#storage-engine/blobs/blob-store.ts'

/**
 * How bytes are made unreadable, as opposed to merely given up: also where they share a file with others that stay. Both
 * calls are idempotent and may run beside all others.
 */
export interface BlobPurge {
  /**
   * Removes bytes of blobs that nothing refers to and nobody is going to commit; when it resolves, no file of the nodes holds
   * them any more. Their rows, if they have any, must still be there: they keep the space from being moved meanwhile.
   */
  erase(refs: BlobRef[]): Promise<void>
  /**
   * Finds and erases bytes that have no row: left by writers that died, by moves that were interrupted, and by removals. What
   * is wanted must have no row anywhere: `collect` may be moving what has one.
   */
  purge(host: PurgeHost): Promise<PurgeReport>
}

/** What the engine works with. */
export interface PurgeableBlobStore extends BlobStore, BlobPurge {}

export interface PurgeHost extends Pick<CollectHost, 'findKnown' | 'signal'> {
  /** Of other namespaces nothing is looked at. */
  namespaceIds: ReadonlySet<string>
  /** Told what a blob's header says of it, and how its bytes begin (PURGE_HEAD_BYTES, fewer of a smaller blob). */
  isWanted(owner: BlobOwner, head: Buffer): boolean
  /** Blobs that were written later are left: whoever writes them may still need them. They are counted as pending. */
  writtenBefore: Date
  /** The same for files that are not finished. */
  unfinishedBefore: Date
}

export interface PurgeReport {
  erased: number
  /** What was wanted but is too young: try again. */
  pending: number
}

export const PURGE_HEAD_BYTES = 16

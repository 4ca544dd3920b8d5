import type { AlignedMemory } from '#storage-engine/blobs/pool/aligned-memory.ts'
import type { DirectorySync } from '#storage-engine/blobs/pool/directory-sync.ts'
import type { FileSystem } from '#storage-engine/blobs/pool/file-system.ts'
import { isSystemError } from '#storage-engine/blobs/pool/file-system.ts'
import type { NodeHealth } from '#storage-engine/blobs/pool/node-health.ts'
import type { NodeSpace } from '#storage-engine/blobs/pool/node-space.ts'
import type { PoolLog } from '#storage-engine/blobs/pool/pool-log.ts'
import type { WriterLease } from '#storage-engine/blobs/pool/writer-lease.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** What everything that touches one node's directory is handed. */
export interface NodeContext {
  nodeId: string
  clusterId: string
  path: string
  files: FileSystem
  memory: AlignedMemory
  directories: DirectorySync
  health: NodeHealth
  space: NodeSpace
  lease: WriterLease
  /** Whether the file system takes O_DIRECT; else files are written through the page cache and flushed. */
  isDirect: boolean
  segmentBytes: number
  segmentAgeMs: number
  now: () => number
  log: PoolLog
}

/** What a failed write means for the node, and the error that the request answers. */
export async function noteWriteFailure(node: NodeContext, error: unknown): Promise<StorageError> {
  if (error instanceof StorageError) return error
  if (isSystemError(error, 'ENOSPC', 'EDQUOT')) {
    await node.space.noteFull()
    return new StorageError('InsufficientStorage', { cause: error })
  }
  node.health.recordFault(error)
  return new StorageError('ServiceUnavailable', { cause: error })
}

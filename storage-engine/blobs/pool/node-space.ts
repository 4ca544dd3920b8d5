import { randomFillSync } from 'node:crypto'
import { constants } from 'node:fs'
import { join } from 'node:path'
import type { FileSystem } from '#storage-engine/blobs/pool/file-system.ts'
import { isSystemError } from '#storage-engine/blobs/pool/file-system.ts'
import type { PoolLog } from '#storage-engine/blobs/pool/pool-log.ts'

const USED_RATIO_MAX = 0.95
/** The ballast comes back only well below the limit, so that it does not flap. */
const USED_RATIO_FOR_BALLAST = 0.9
const REFRESH_AFTER_MS = 1_000
/** How long a refusal by the system (which may be a quota, or inodes) keeps writes away. */
const FULL_FOR_MS = 5_000
const BALLAST_SHARE_MAX = 0.01
const FILL_BYTES = 1_048_576

export interface NodeSpace {
  /** Whether the node takes writes. Asks the system at most once a second, and never waits for it. */
  hasRoom(): boolean
  noteWritten(bytes: number): void
  /**
   * The system refused a write for lack of space: gives the ballast back, so that deletes and the database still work.
   * Never rejects.
   */
  noteFull(): Promise<void>
  facts(): Promise<{ totalBytes: number; freeBytes: number; usedBytes: number }>
  /** Writes the ballast anew when it is missing and there is room. */
  restoreBallast(): Promise<void>
}

interface SpaceInput {
  files: FileSystem
  path: string
  ballastBytes: number
  now: () => number
  log: PoolLog
}

/** Reads the space once before it resolves. */
export async function openNodeSpace({ files, path, ballastBytes, now, log }: SpaceInput): Promise<NodeSpace> {
  const ballastPath = join(path, 'ballast')
  let space = await files.space(path)
  let askedAt = now()
  let isAsking = false
  let writtenSince = 0
  let fullUntil = 0

  /** As `df` counts: what is reserved for root is neither used nor available. */
  const usedRatio = () => {
    const used = space.totalBytes - space.freeBytes + writtenSince
    const capacity = space.totalBytes - space.freeBytes + space.availableBytes
    return capacity === 0 ? 1 : used / capacity
  }
  const refresh = async () => {
    isAsking = true
    try {
      const written = writtenSince
      space = await files.space(path)
      writtenSince -= written
      askedAt = now()
      if (space.availableBytes < 2 * ballastBytes) await releaseBallast()
    } finally {
      isAsking = false
    }
  }
  const releaseBallast = async () => {
    try {
      await files.unlink(ballastPath)
      log.warn({ path }, 'Storage node is nearly full: its ballast was released so that deletes still work')
    } catch (error) {
      if (!isSystemError(error, 'ENOENT')) throw error
    }
  }

  return {
    hasRoom() {
      if (!isAsking && now() - askedAt >= REFRESH_AFTER_MS) {
        refresh().catch((error: unknown) => log.error({ err: error, path }, 'Could not read the free space of a node'))
      }
      return now() >= fullUntil && usedRatio() < USED_RATIO_MAX
    },
    noteWritten(bytes) {
      writtenSince += bytes
    },
    async noteFull() {
      fullUntil = now() + FULL_FOR_MS
      try {
        await releaseBallast()
      } catch (error) {
        log.error({ err: error, path }, 'Could not release the ballast of a full storage node')
      }
    },
    async facts() {
      await refresh()
      return {
        totalBytes: space.totalBytes,
        freeBytes: space.availableBytes,
        usedBytes: space.totalBytes - space.freeBytes,
      }
    },
    async restoreBallast() {
      const size = Math.min(ballastBytes, Math.floor(space.totalBytes * BALLAST_SHARE_MAX))
      if (size === 0 || usedRatio() >= USED_RATIO_FOR_BALLAST) return
      await writeBallast({ files, path: ballastPath, size })
    },
  }
}

/** Random bytes, because some file systems store neither zeros nor repetitions. An existing ballast is left alone. */
async function writeBallast({ files, path, size }: { files: FileSystem; path: string; size: number }): Promise<void> {
  let fd: number
  try {
    fd = await files.open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY)
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return
    throw error
  }
  const content = Buffer.allocUnsafe(Math.min(size, FILL_BYTES))
  try {
    for (let position = 0; position < size; position += FILL_BYTES) {
      randomFillSync(content)
      await files.write(fd, content.subarray(0, Math.min(FILL_BYTES, size - position)), position)
    }
    await files.sync(fd)
  } catch (error) {
    await files.unlink(path)
    throw error
  } finally {
    await files.close(fd)
  }
}

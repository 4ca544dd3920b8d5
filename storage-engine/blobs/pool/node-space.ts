import { randomFillSync } from 'node:crypto'
import { constants } from 'node:fs'
import { join } from 'node:path'
import type { DriveSpace, FileSystem } from '#storage-engine/blobs/pool/file-system.ts'
import { isSystemError } from '#storage-engine/blobs/pool/file-system.ts'
import type { PoolLog } from '#storage-engine/blobs/pool/pool-log.ts'

/** The ballast comes back only well below the limit, so that it does not flap. */
const BALLAST_MARGIN_PERCENT = 5
const REFRESH_AFTER_MS = 1_000
/** How long a refusal by the system (which may be a quota, or inodes) keeps writes away. */
const FULL_FOR_MS = 5_000
const BALLAST_SHARE_MAX = 0.01
const FILL_BYTES = 1_048_576

export interface NodeSpace {
  /** Whether the node takes writes. Asks the system at most once a second, and never waits for it. */
  hasRoom(): boolean
  /** Why the node takes no writes, for logs: names its directory, how full it is, the limit and the setting. */
  describeRefusal(): string
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
  /** From this share of the drive on there is no room; with 100 only the system itself refuses. */
  fullPercent: number
  ballastBytes: number
  now: () => number
  log: PoolLog
}

/** Reads the space once before it resolves. */
export async function openNodeSpace({
  files,
  path,
  fullPercent,
  ballastBytes,
  now,
  log,
}: SpaceInput): Promise<NodeSpace> {
  const ballastPath = join(path, 'ballast')
  let space = await files.space(path)
  let askedAt = now()
  let isAsking = false
  let writtenSince = 0
  let fullUntil = 0

  const usedPercent = () => usedPercentOf(space, writtenSince)
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
      return now() >= fullUntil && (fullPercent === 100 || usedPercent() < fullPercent)
    },
    describeRefusal() {
      if (now() < fullUntil) return `The system has no room for a write to ${path}`
      return describeFullness({ path, usedPercent: usedPercent(), fullPercent })
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
      if (size === 0 || usedPercent() >= fullPercent - BALLAST_MARGIN_PERCENT) return
      await writeBallast({ files, path: ballastPath, size })
    },
  }
}

/** In one clause, for operators. */
export function describeFullness(input: { path: string; usedPercent: number; fullPercent: number }): string {
  const { path, usedPercent, fullPercent } = input
  return `${path} is ${usedPercent.toFixed(1)} % full, and takes no writes from ${fullPercent} % on (SCEAU_NODE_FULL_PERCENT)`
}

/** As `df` counts, from 0: what is reserved for root is neither used nor available. `writtenBytes` came since. */
export function usedPercentOf(space: DriveSpace, writtenBytes = 0): number {
  const usedBytes = space.totalBytes - space.freeBytes + writtenBytes
  const capacityBytes = space.totalBytes - space.freeBytes + space.availableBytes
  return capacityBytes === 0 ? 100 : (100 * usedBytes) / capacityBytes
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

import { constants } from 'node:fs'
import { dirname } from 'node:path'
import type { FileSystem } from '#storage-engine/blobs/pool/file-system.ts'
import { isSystemError } from '#storage-engine/blobs/pool/file-system.ts'

const KNOWN_DIRECTORIES_MAX = 1_024

/** Makes directory entries durable. Whoever asks while a directory is being flushed shares the next flush of it. */
export interface DirectorySync {
  /** Resolves once every change of the directory that was made before the call is durable. */
  sync(path: string): Promise<void>
  /** Creates the directory and its parents below `root`, each durable in its parent. */
  ensure(path: string): Promise<void>
  /** To be called when a directory turns out to be missing. */
  forget(path: string): void
}

interface PendingSync {
  running: Promise<void>
  next: Promise<void> | null
}

export function createDirectorySync({ files, root }: { files: FileSystem; root: string }): DirectorySync {
  const pending = new Map<string, PendingSync>()
  const known = new Map<string, Promise<void>>()

  const flush = async (path: string) => {
    const fd = await files.open(path, constants.O_RDONLY | constants.O_DIRECTORY)
    try {
      await files.sync(fd)
    } finally {
      await files.close(fd)
    }
  }
  const start = (path: string): Promise<void> => {
    const running = flush(path).finally(() => {
      const entry = pending.get(path)
      if (entry?.running === running && entry.next === null) pending.delete(path)
    })
    pending.set(path, { running, next: null })
    return running
  }
  const sync = (path: string): Promise<void> => {
    const entry = pending.get(path)
    if (entry === undefined) return start(path)
    entry.next ??= entry.running.catch(() => undefined).then(() => start(path))
    return entry.next
  }
  const create = async (path: string): Promise<void> => {
    const parent = dirname(path)
    if (parent !== root) await ensure(parent)
    try {
      await files.makeDirectory(path)
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error
    }
    // Also when it existed: whoever made it may not have flushed the parent yet.
    await sync(parent)
  }
  const ensure = (path: string): Promise<void> => {
    const found = known.get(path)
    if (found !== undefined) return found
    const created = create(path)
    known.set(path, created)
    created.catch(() => known.delete(path))
    for (const oldest of known.keys()) {
      if (known.size <= KNOWN_DIRECTORIES_MAX) break
      known.delete(oldest)
    }
    return created
  }

  return { sync, ensure, forget: (path) => void known.delete(path) }
}

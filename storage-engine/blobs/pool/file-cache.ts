import { constants } from 'node:fs'
import type { FileSystem } from '#storage-engine/blobs/pool/file-system.ts'
import type { PoolLog } from '#storage-engine/blobs/pool/pool-log.ts'

/** A file open for reading, with what `inspect` found at its start. */
export interface OpenFile<Facts> {
  readonly fd: number
  readonly facts: Facts
}

/**
 * Files open for reading, the least recently used closed first. A file in use is closed only when its last reader lets go,
 * so a descriptor is never reused under a read.
 */
export interface FileCache<Facts> {
  /** The file if it is open already. Every `use` and `open` is followed by one `release`. */
  use(path: string): OpenFile<Facts> | undefined
  open(path: string): Promise<OpenFile<Facts>>
  release(file: OpenFile<Facts>): void
  /** Closes what was removed from the disk meanwhile, so that its space returns. */
  dropRemoved(): Promise<void>
  drop(path: string): void
  close(): void
}

interface Entry<Facts> extends OpenFile<Facts> {
  path: string
  userCount: number
  isEvicted: boolean
}

interface FileCacheInput<Facts> {
  files: FileSystem
  log: PoolLog
  filesMax: number
  /** Reads what readers need to know; a rejection closes the file and rejects `open`. */
  inspect: (fd: number) => Promise<Facts>
}

export function createFileCache<Facts>({ files, log, filesMax, inspect }: FileCacheInput<Facts>): FileCache<Facts> {
  const entries = new Map<string, Entry<Facts>>()
  const opening = new Map<string, Promise<void>>()

  const closeIfUnused = (entry: Entry<Facts>) => {
    if (!entry.isEvicted || entry.userCount > 0) return
    files
      .close(entry.fd)
      .catch((error: unknown) => log.warn({ err: error, path: entry.path }, 'Could not close a file'))
  }
  const evict = (entry: Entry<Facts>) => {
    if (entries.get(entry.path) === entry) entries.delete(entry.path)
    if (entry.isEvicted) return
    entry.isEvicted = true
    closeIfUnused(entry)
  }
  const load = async (path: string) => {
    const fd = await files.open(path, constants.O_RDONLY)
    let facts: Facts
    try {
      facts = await inspect(fd)
    } catch (error) {
      await files.close(fd)
      throw error
    }
    entries.set(path, { path, fd, facts, userCount: 0, isEvicted: false })
    for (const oldest of entries.values()) {
      if (entries.size <= filesMax) break
      if (oldest.path !== path) evict(oldest)
    }
  }
  const use = (path: string) => {
    const entry = entries.get(path)
    if (entry === undefined) return undefined
    entries.delete(path)
    entries.set(path, entry)
    entry.userCount += 1
    return entry
  }

  return {
    use,
    async open(path) {
      for (;;) {
        const entry = use(path)
        if (entry !== undefined) return entry
        let loading = opening.get(path)
        if (loading === undefined) {
          loading = load(path).finally(() => opening.delete(path))
          opening.set(path, loading)
        }
        await loading
      }
    },
    release(file) {
      const entry = file as Entry<Facts>
      entry.userCount -= 1
      closeIfUnused(entry)
    },
    async dropRemoved() {
      for (const entry of [...entries.values()]) {
        if (entry.isEvicted) continue
        entry.userCount += 1
        try {
          const { linkCount } = await files.stat(entry.fd)
          if (linkCount === 0) evict(entry)
        } finally {
          entry.userCount -= 1
          closeIfUnused(entry)
        }
      }
    },
    drop(path) {
      const entry = entries.get(path)
      if (entry !== undefined) evict(entry)
    },
    close() {
      for (const entry of [...entries.values()]) evict(entry)
    },
  }
}

import * as fs from 'node:fs'
import { promisify } from 'node:util'

/**
 * Every call that the pool makes to the operating system, so that tests can make each of them fail. Calls reject with
 * Node's system errors (`code` is ENOENT, ENOSPC, EIO…). File descriptors, not handles: they cost a third less per call.
 */
export interface FileSystem {
  open(path: string, flags: number): Promise<number>
  close(fd: number): Promise<void>
  /** Writes all of `bytes`; a short write is continued. */
  write(fd: number, bytes: Buffer, position: number): Promise<void>
  /** Fills `views` in order; resolves to the number of bytes read, which is smaller only at the end of the file. */
  read(fd: number, views: Buffer[], position: number): Promise<number>
  readSync(fd: number, views: Buffer[], position: number): number
  /** Size in bytes, last change in milliseconds since 1970, and number of names (0: removed while open). */
  stat(file: number | string): Promise<FileFacts>
  truncate(fd: number, size: number): Promise<void>
  /** fsync; of a directory, too. */
  sync(fd: number): Promise<void>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Creates one directory; rejects with EEXIST when it is there. */
  makeDirectory(path: string): Promise<void>
  /** Removes an empty directory. */
  removeDirectory(path: string): Promise<void>
  /** Names in no particular order, read a few hundred at a time. */
  listDirectory(path: string): AsyncIterable<{ name: string; isDirectory: boolean }>
  /** Sets the file's times to now. */
  touch(path: string): Promise<void>
  /** Of the file system that holds `path`. */
  space(path: string): Promise<DriveSpace>
}

/** In bytes. What is free is not all available: some of it is reserved for root. */
export interface DriveSpace {
  totalBytes: number
  freeBytes: number
  availableBytes: number
}

export interface FileFacts {
  size: number
  changedAt: number
  linkCount: number
}

const openFile = promisify(fs.open) as (path: string, flags: number, mode: number) => Promise<number>
const closeFile = promisify(fs.close)
const readViews = promisify(fs.readv) as unknown as (
  fd: number,
  views: Buffer[],
  position: number,
) => Promise<{ bytesRead: number }>
const statPath = promisify(fs.stat) as (path: string) => Promise<fs.Stats>
const statFile = promisify(fs.fstat) as (fd: number) => Promise<fs.Stats>
const truncateFile = promisify(fs.ftruncate) as (fd: number, size: number) => Promise<void>
const syncFile = promisify(fs.fsync)

export const operatingSystem: FileSystem = {
  open: (path, flags) => openFile(path, flags, 0o600),
  close: (fd) => closeFile(fd),
  write: writeAll,
  read: async (fd, views, position) => {
    const { bytesRead } = await readViews(fd, views, position)
    return bytesRead
  },
  readSync: (fd, views, position) => fs.readvSync(fd, views, position),
  stat: async (file) => {
    const stats = typeof file === 'number' ? await statFile(file) : await statPath(file)
    return { size: stats.size, changedAt: stats.mtimeMs, linkCount: stats.nlink }
  },
  truncate: (fd, size) => truncateFile(fd, size),
  sync: (fd) => syncFile(fd),
  rename: (from, to) => fs.promises.rename(from, to),
  unlink: (path) => fs.promises.unlink(path),
  makeDirectory: (path) => fs.promises.mkdir(path, 0o700),
  removeDirectory: (path) => fs.promises.rmdir(path),
  listDirectory,
  touch: async (path) => {
    const now = new Date()
    await fs.promises.utimes(path, now, now)
  },
  space: async (path) => {
    const facts = await fs.promises.statfs(path)
    return {
      totalBytes: facts.blocks * facts.bsize,
      freeBytes: facts.bfree * facts.bsize,
      availableBytes: facts.bavail * facts.bsize,
    }
  },
}

function writeAll(fd: number, bytes: Buffer, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const writeFrom = (start: number) => {
      fs.write(fd, bytes, start, bytes.length - start, position + start, (error, count) => {
        if (error) reject(error)
        else if (count === 0) reject(new Error('The operating system wrote nothing'))
        else if (start + count < bytes.length) writeFrom(start + count)
        else resolve()
      })
    }
    writeFrom(0)
  })
}

async function* listDirectory(path: string): AsyncIterable<{ name: string; isDirectory: boolean }> {
  for await (const entry of await fs.promises.opendir(path, { bufferSize: 256 })) {
    yield { name: entry.name, isDirectory: entry.isDirectory() }
  }
}

/** Whether `error` is a system error with one of these codes. */
export function isSystemError(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

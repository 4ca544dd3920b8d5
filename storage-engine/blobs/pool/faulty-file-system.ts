import { type FileSystem, operatingSystem } from '#storage-engine/blobs/pool/file-system.ts'

export interface FileCall {
  name: keyof FileSystem
  /** Path of the file, also for calls by descriptor; of a rename, where it was. */
  path: string
}

/** The real file system, with every call written down and any of them failing on demand. For tests. */
export interface FaultyFileSystem extends FileSystem {
  calls: FileCall[]
  /** Asked before every call: a code such as EIO makes it fail, `lie` makes it succeed without doing anything. */
  fault: (call: FileCall) => string | undefined
}

export function createFaultyFileSystem(): FaultyFileSystem {
  const pathByFd = new Map<number, string>()
  const pathOf = (file: number | string) => (typeof file === 'string' ? file : (pathByFd.get(file) ?? '?'))
  const check = (name: keyof FileSystem, file: number | string): boolean => {
    const call = { name, path: pathOf(file) }
    faulty.calls.push(call)
    const code = faulty.fault(call)
    if (code === 'lie') return false
    if (code !== undefined) throw Object.assign(new Error(`${code}: injected, ${name} ${call.path}`), { code })
    return true
  }
  const { listDirectory, readSync, space } = operatingSystem
  const faulty: FaultyFileSystem = {
    calls: [],
    fault: () => undefined,
    async open(path, flags) {
      check('open', path)
      const fd = await operatingSystem.open(path, flags)
      pathByFd.set(fd, path)
      return fd
    },
    async close(fd) {
      check('close', fd)
      pathByFd.delete(fd)
      await operatingSystem.close(fd)
    },
    async write(fd, bytes, position) {
      if (check('write', fd)) await operatingSystem.write(fd, bytes, position)
    },
    async read(fd, views, position) {
      check('read', fd)
      return operatingSystem.read(fd, views, position)
    },
    readSync(fd, views, position) {
      check('readSync', fd)
      return readSync(fd, views, position)
    },
    async stat(file) {
      check('stat', file)
      return operatingSystem.stat(file)
    },
    async truncate(fd, size) {
      if (check('truncate', fd)) await operatingSystem.truncate(fd, size)
    },
    async sync(fd) {
      if (check('sync', fd)) await operatingSystem.sync(fd)
    },
    async rename(from, to) {
      if (check('rename', from)) await operatingSystem.rename(from, to)
    },
    async unlink(path) {
      if (check('unlink', path)) await operatingSystem.unlink(path)
    },
    async makeDirectory(path) {
      if (check('makeDirectory', path)) await operatingSystem.makeDirectory(path)
    },
    async removeDirectory(path) {
      if (check('removeDirectory', path)) await operatingSystem.removeDirectory(path)
    },
    listDirectory,
    async touch(path) {
      if (check('touch', path)) await operatingSystem.touch(path)
    },
    space,
  }
  return faulty
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFaultyFileSystem } from '#storage-engine/blobs/pool/faulty-file-system.ts'
import { createFileCache } from '#storage-engine/blobs/pool/file-cache.ts'

describe('The cache of open files', () => {
  let directory: string
  const paths: string[] = []

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sceau-files-'))
    paths.splice(0, paths.length, ...['a', 'b', 'c'].map((name) => join(directory, name)))
    for (const path of paths) await writeFile(path, path)
  })
  afterEach(() => rm(directory, { recursive: true }))

  function open(filesMax: number) {
    const files = createFaultyFileSystem()
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
    const cache = createFileCache({ files, log, filesMax, inspect: async (fd) => (await files.stat(fd)).size })
    const closed = () => files.calls.filter(({ name }) => name === 'close').map(({ path }) => path)
    return { files, cache, closed }
  }

  it('opens a file once for readers that come together', async () => {
    const { files, cache } = open(2)
    const [path = ''] = paths
    const opened = await Promise.all([cache.open(path), cache.open(path), cache.open(path)])
    expect(new Set(opened).size).toBe(1)
    expect(opened[0]?.facts).toBe(path.length)
    expect(files.calls.filter(({ name }) => name === 'open')).toHaveLength(1)
  })

  it('closes the least recently used file beyond its bound', async () => {
    const { cache, closed } = open(2)
    const [a = '', b = '', c = ''] = paths
    for (const path of [a, b, a, c]) cache.release(await cache.open(path))
    expect(closed()).toEqual([b])
    expect(cache.use(b)).toBeUndefined()
  })

  it('closes a file in use only when its last reader lets go', async () => {
    const { cache, closed } = open(1)
    const [a = '', b = ''] = paths
    const first = await cache.open(a)
    const second = await cache.open(a)
    cache.release(await cache.open(b))
    expect(closed()).toEqual([])
    cache.release(first)
    expect(closed()).toEqual([])
    cache.release(second)
    expect(closed()).toEqual([a])
  })

  it('closes files that were removed from the disk, and no others', async () => {
    const { cache, closed } = open(3)
    const [a = '', b = ''] = paths
    for (const path of [a, b]) cache.release(await cache.open(path))
    await rm(a)
    await cache.dropRemoved()
    expect(closed()).toEqual([a])
    await writeFile(a, '')
  })

  it('closes the file when it cannot be inspected', async () => {
    const { files, cache, closed } = open(3)
    files.fault = ({ name }) => (name === 'stat' ? 'EIO' : undefined)
    await expect(cache.open(paths[0] ?? '')).rejects.toThrow('EIO')
    expect(closed()).toEqual([paths[0]])
  })
})

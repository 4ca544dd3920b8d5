import { randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inputFor, readWhole, storeBlob } from '#storage-engine/blobs/blob-store.conformance.ts'
import type { BlobStore } from '#storage-engine/blobs/blob-store.ts'
import { createFaultyFileSystem, type FileCall } from '#storage-engine/blobs/pool/faulty-file-system.ts'
import { createScratchPool } from '#storage-engine/blobs/pool/scratch-pool.ts'

const SMALL = 4_096
const LARGE = 3_000_000
const MINUTE_MS = 60_000

async function openFaultyPool(options: { ballastBytes?: number } = {}) {
  const files = createFaultyFileSystem()
  const clock = { now: Date.now() }
  const scratch = await createScratchPool()
  const pool = await scratch.open({ files, now: () => clock.now, ...options })
  return { files, clock, scratch, pool, stateOf: async () => (await pool.status())[0]?.state }
}

/** On a drive that holds what the test says. */
async function openFilledPool(options: { nodeFullPercent: number; ballastBytes?: number }, usedPercent = 0) {
  const files = createFaultyFileSystem()
  const clock = { now: Date.now() }
  let freeBytes = 0
  const use = (percent: number) => {
    freeBytes = 10_000 * (100 - percent)
  }
  use(usedPercent)
  files.space = async () => ({ totalBytes: 1_000_000, freeBytes, availableBytes: freeBytes })
  const scratch = await createScratchPool()
  const pool = await scratch.open({ files, now: () => clock.now, ...options })
  return { files, clock, scratch, pool, use }
}

describe('Durability of a large blob', () => {
  it('is flush, rename, flush of the directory, in this order, before the commit resolves', async () => {
    const { files, pool } = await openFaultyPool()
    await storeBlob(pool, randomBytes(LARGE))
    files.calls.length = 0
    await storeBlob(pool, randomBytes(LARGE))
    const steps = files.calls.filter(({ path }) => path.includes('/stripes/')).map(describeCall)
    const lastWrite = steps.lastIndexOf('write file')
    expect(steps.slice(lastWrite + 1)).toEqual([
      'sync file',
      'close file',
      'rename file',
      'open directory',
      'sync directory',
      'close directory',
    ])
  })

  it('covers new directories up to the node', async () => {
    const { files, scratch, pool } = await openFaultyPool()
    files.calls.length = 0
    await storeBlob(pool, randomBytes(LARGE))
    const synced = files.calls.filter(({ name }) => name === 'sync').map(({ path }) => path.slice(scratch.path.length))
    expect(synced[0]).toBe('/stripes')
    expect(synced[1]).toMatch(/^\/stripes\/[0-9a-f]{5}$/)
  })

  it.each(['write', 'sync', 'rename', 'open'] as const)('is not claimed when %s fails', async (name) => {
    const { files, pool, scratch, stateOf } = await openFaultyPool()
    files.fault = (call) => (call.name === name && call.path.endsWith('.tmp') ? 'EIO' : undefined)
    await expect(storeBlob(pool, randomBytes(LARGE))).rejects.toMatchObject({ code: 'ServiceUnavailable' })
    expect(files.calls.filter((call) => call.name === 'sync' && call.path.endsWith('.tmp')).length).toBeLessThanOrEqual(
      1,
    )
    expect(await scratch.listStripes()).toEqual([])
    expect(await stateOf()).toBe('suspect')
  })

  it('is not claimed when the flush of the directory fails', async () => {
    const { files, pool } = await openFaultyPool()
    files.fault = ({ name, path }) =>
      name === 'sync' && describeCall({ name, path }) === 'sync directory' ? 'EIO' : undefined
    await expect(storeBlob(pool, randomBytes(LARGE))).rejects.toMatchObject({ code: 'ServiceUnavailable' })
  })
})

describe('Durability of small blobs', () => {
  it('makes the segment file itself durable before the first blob is acknowledged', async () => {
    const { files, pool } = await openFaultyPool()
    files.fault = ({ name, path }) => (name === 'sync' && path.endsWith('/segments') ? 'EIO' : undefined)
    await expect(storeBlob(pool, randomBytes(SMALL))).rejects.toMatchObject({ code: 'ServiceUnavailable' })
  })

  it('shares flushes between blobs that arrive together', async () => {
    const { files, pool, scratch } = await openFaultyPool()
    await storeBlob(pool, randomBytes(SMALL))
    files.calls.length = 0
    await Promise.all(Array.from({ length: 200 }, () => storeBlob(pool, randomBytes(SMALL))))
    const [segment] = await scratch.listSegments()
    expect(files.calls.filter(({ name, path }) => name === 'write' && path === segment).length).toBeLessThan(10)
  })

  it('rejects the whole group of a failed write, never touches that file again and goes on in a new one', async () => {
    const { files, pool, scratch, stateOf } = await openFaultyPool()
    const before = await storeBlob(pool, Buffer.from('before'))
    const [failing = ''] = await scratch.listSegments()
    files.fault = ({ name, path }) => (name === 'write' && path === failing ? 'EIO' : undefined)
    const group = await Promise.allSettled([1, 2, 3].map(() => storeBlob(pool, randomBytes(SMALL))))
    expect(group.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    files.calls.length = 0
    const after = await storeBlob(pool, Buffer.from('after'))
    expect(files.calls.filter(({ path }) => path === failing)).toEqual([])
    expect(await scratch.listSegments()).toHaveLength(2)
    expect(await stateOf()).toBe('suspect')
    expect((await readWhole(pool, before, 6)).toString()).toBe('before')
    expect((await readWhole(pool, after, 5)).toString()).toBe('after')
  })

  it('acknowledges nothing when the process slept so long that its lease ran out', async () => {
    const { clock, pool } = await openFaultyPool()
    await storeBlob(pool, randomBytes(SMALL))
    clock.now += 10 * MINUTE_MS
    await expect(storeBlob(pool, randomBytes(SMALL))).rejects.toMatchObject({ code: 'ServiceUnavailable' })
  })
})

describe('An abort', () => {
  it('while a write waits for its turn leaves neither file nor descriptor', async () => {
    const { files, pool, scratch } = await openFaultyPool()
    for (let round = 0; round < 5; round += 1) {
      const writer = pool.create(inputFor(null))
      const writes = [writer.write(randomBytes(LARGE))]
      await Promise.resolve()
      await writer.abort()
      await Promise.allSettled(writes)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await scratch.listStripes()).toEqual([])
    const count = (name: string) =>
      files.calls.filter((call) => call.name === name && call.path.endsWith('.tmp')).length
    expect(count('open')).toBe(count('close'))
  })
})

describe('A node with faults', () => {
  const failWrites = ({ name, path }: FileCall) => (name === 'write' && path.endsWith('.tmp') ? 'EIO' : undefined)

  async function fail(pool: BlobStore) {
    await expect(storeBlob(pool, randomBytes(LARGE))).rejects.toMatchObject({ code: 'ServiceUnavailable' })
  }

  it('goes offline after three within ten minutes: writes answer ServiceUnavailable at once, reads and removals go on', async () => {
    const { files, pool, stateOf } = await openFaultyPool()
    const content = randomBytes(LARGE)
    const ref = await storeBlob(pool, content)
    files.fault = failWrites
    for (let fault = 0; fault < 3; fault += 1) await fail(pool)
    files.fault = () => undefined
    expect(await stateOf()).toBe('offline')
    expect(() => pool.create(inputFor(1))).toThrow(expect.objectContaining({ code: 'ServiceUnavailable' }))
    expect((await readWhole(pool, ref, LARGE)).equals(content)).toBe(true)
    await pool.remove([ref])
  })

  it('is online again after ten minutes without a fault, and does not add up old ones', async () => {
    const { files, clock, pool, stateOf } = await openFaultyPool()
    files.fault = failWrites
    for (let fault = 0; fault < 4; fault += 1) {
      await fail(pool)
      expect(await stateOf()).toBe('suspect')
      clock.now += 11 * MINUTE_MS
      expect(await stateOf()).toBe('online')
    }
  })
})

describe('A full node', () => {
  it.each([SMALL, LARGE])(
    'answers InsufficientStorage when the system has no room for %i bytes, and is not faulty',
    async (size) => {
      const { files, clock, pool, stateOf } = await openFaultyPool()
      const ref = await storeBlob(pool, randomBytes(LARGE))
      files.fault = ({ name, path }) => (name === 'write' && !path.endsWith('ballast') ? 'ENOSPC' : undefined)
      await expect(storeBlob(pool, randomBytes(size))).rejects.toMatchObject({ code: 'InsufficientStorage' })
      expect(() => pool.create(inputFor(1))).toThrow(expect.objectContaining({ code: 'InsufficientStorage' }))
      expect(await stateOf()).toBe('online')
      await pool.remove([ref])
      files.fault = () => undefined
      clock.now += 6_000
      await storeBlob(pool, randomBytes(size))
    },
  )

  it('gives its ballast back, and takes it again when there is room', async () => {
    const { files, scratch, pool } = await openFaultyPool({ ballastBytes: 1_000_000 })
    const ballast = join(scratch.path, 'ballast')
    expect((await stat(ballast)).size).toBe(1_000_000)
    files.fault = ({ name, path }) => (name === 'write' && path.endsWith('.tmp') ? 'ENOSPC' : undefined)
    await expect(storeBlob(pool, randomBytes(LARGE))).rejects.toMatchObject({ code: 'InsufficientStorage' })
    await expect(stat(ballast)).rejects.toMatchObject({ code: 'ENOENT' })
    files.fault = () => undefined
    const nothing = { findKnown: async () => new Map(), relocate: async () => new Set<string>() }
    await pool.collect({ ...nothing, orphansBefore: new Date(0), signal: new AbortController().signal })
    expect((await readFile(ballast)).length).toBe(1_000_000)
  })

  it.each([95, 80])(
    'takes no writes from its limit of %i percent on, tells why, and takes them again below',
    async (limit) => {
      const { clock, scratch, pool, use } = await openFilledPool({ nodeFullPercent: limit })
      use(limit + 1)
      await pool.status()
      const why = `${scratch.path} is ${limit + 1}.0 % full, and takes no writes from ${limit} % on (SCEAU_NODE_FULL_PERCENT)`
      const refusal = { code: 'InsufficientStorage', cause: expect.objectContaining({ message: why }) }
      expect(() => pool.create(inputFor(1))).toThrow(expect.objectContaining(refusal))
      use(limit - 1)
      clock.now += 2_000
      expect(() => pool.create(inputFor(1))).toThrow(expect.objectContaining(refusal))
      await new Promise((resolve) => setImmediate(resolve))
      await pool.create(inputFor(1)).abort()
    },
  )

  it('takes writes until the system refuses them where the setting is 100', async () => {
    const { files, scratch, pool, use } = await openFilledPool({ nodeFullPercent: 100 })
    use(100)
    await pool.status()
    await storeBlob(pool, randomBytes(SMALL))
    files.fault = ({ name }) => (name === 'write' ? 'ENOSPC' : undefined)
    await expect(storeBlob(pool, randomBytes(SMALL))).rejects.toMatchObject({ code: 'InsufficientStorage' })
    const cause = expect.objectContaining({ message: `The system has no room for a write to ${scratch.path}` })
    expect(() => pool.create(inputFor(1))).toThrow(expect.objectContaining({ code: 'InsufficientStorage', cause }))
  })

  it.each([
    [95, 91],
    [80, 76],
  ])(
    'limited to %i percent takes its ballast only when 5 points below, not yet at %i percent',
    async (nodeFullPercent, used) => {
      const ballastOf = async (usedPercent: number) => {
        const { scratch } = await openFilledPool({ nodeFullPercent, ballastBytes: 1_000 }, usedPercent)
        return stat(join(scratch.path, 'ballast')).catch(() => null)
      }
      expect(await ballastOf(used)).toBeNull()
      expect(await ballastOf(used - 2)).not.toBeNull()
    },
  )
})

describe('A file system without direct writes', () => {
  it.each([SMALL, LARGE])('flushes %i bytes through the page cache', async (size) => {
    const files = createFaultyFileSystem()
    files.fault = ({ name, path }) => (name === 'write' && path.includes('probe-') ? 'EINVAL' : undefined)
    const scratch = await createScratchPool()
    const pool = await scratch.open({ files })
    const content = randomBytes(size)
    const ref = await storeBlob(pool, content)
    expect((await readWhole(pool, ref, size)).equals(content)).toBe(true)
    const [file = ''] = size === SMALL ? await scratch.listSegments() : await scratch.listStripes()
    const synced = files.calls.filter(({ name, path }) => name === 'sync' && path.startsWith(file))
    expect(synced.length).toBeGreaterThan(0)
    expect(scratch.log.lines).toContainEqual(expect.objectContaining({ level: 'info' }))
  })
})

function describeCall({ name, path }: FileCall): string {
  return `${name} ${/\/[0-9a-f-]{36}(\.tmp)?$/.test(path) ? 'file' : 'directory'}`
}

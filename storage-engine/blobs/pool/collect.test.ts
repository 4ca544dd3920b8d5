import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { hostKnowing, inputFor, readWhole, storeBlob } from '#storage-engine/blobs/blob-store.conformance.ts'
import type { BlobRef, BlobStore, CollectHost } from '#storage-engine/blobs/blob-store.ts'
import { createFaultyFileSystem } from '#storage-engine/blobs/pool/faulty-file-system.ts'
import { createScratchPool, type ScratchPool } from '#storage-engine/blobs/pool/scratch-pool.ts'
import { encodeSeal } from '#storage-engine/blobs/pool/segment-format.ts'
import { newId } from '#storage-engine/ids.ts'

const SIZE = 10_000
const YOUNG = { orphansBefore: new Date(Date.now() - 3_600_000) }

interface Written {
  scratch: ScratchPool
  contents: Buffer[]
  refs: BlobRef[]
  /** Of the sealed segment. */
  file: string
}

/** A sealed segment of `count` blobs. */
async function writeSegment(count: number): Promise<Written> {
  const scratch = await createScratchPool()
  const writer = await scratch.open()
  const contents = Array.from({ length: count }, () => randomBytes(SIZE))
  const refs = await Promise.all(contents.map((content) => storeBlob(writer, content)))
  await writer.close()
  const [file = ''] = await scratch.listSegments()
  return { scratch, contents, refs, file }
}

async function expectReadable(pool: BlobStore, refs: BlobRef[], contents: Buffer[]): Promise<void> {
  for (const [index, ref] of refs.entries()) {
    expect((await readWhole(pool, ref, SIZE)).equals(contents[index] ?? Buffer.alloc(0))).toBe(true)
  }
}

describe('Compaction', () => {
  it('moves the live blobs of a segment that is mostly dead, then removes it', async () => {
    const { scratch, contents, refs, file } = await writeSegment(20)
    const pool = await scratch.open()
    const live = refs.slice(0, 5)
    const before = live.map(({ locator }) => locator)
    const report = await pool.collect(hostKnowing(live))
    expect(report).toMatchObject({ orphansRemoved: 15, segmentsCompacted: 1 })
    expect(report.bytesReclaimed).toBeGreaterThan(15 * SIZE)
    expect(live.every(({ locator }, index) => locator !== before[index])).toBe(true)
    await expectReadable(pool, live, contents)
    expect(await scratch.listSegments()).not.toContain(file)
  })

  it('collects what it has moved itself as soon as that is dead', async () => {
    const { scratch, refs } = await writeSegment(20)
    const pool = await scratch.open()
    await pool.collect(hostKnowing(refs.slice(0, 5)))
    expect(await pool.collect(hostKnowing([]))).toMatchObject({ orphansRemoved: 5, segmentsCompacted: 1 })
    expect(await scratch.listSegments()).toEqual([])
  })

  it('leaves a segment alone of which more than half is alive', async () => {
    const { scratch, refs, contents, file } = await writeSegment(20)
    const pool = await scratch.open()
    expect(await pool.collect(hostKnowing(refs.slice(0, 12)))).toMatchObject({ segmentsCompacted: 0 })
    expect(await scratch.listSegments()).toEqual([file])
    await expectReadable(pool, refs, contents)
  })

  it('leaves a young segment alone: rows may be on their way', async () => {
    const { scratch, file } = await writeSegment(3)
    const pool = await scratch.open()
    expect(await pool.collect(hostKnowing([], YOUNG))).toMatchObject({ segmentsCompacted: 0 })
    expect(await scratch.listSegments()).toEqual([file])
  })

  it('removes a segment of which nothing is alive, also when the disk takes no writes', async () => {
    const { scratch } = await writeSegment(3)
    const files = createFaultyFileSystem()
    const pool = await scratch.open({ files })
    files.fault = ({ name }) => (name === 'write' ? 'ENOSPC' : undefined)
    expect(await pool.collect(hostKnowing([]))).toMatchObject({ segmentsCompacted: 1, orphansRemoved: 3 })
    expect(await scratch.listSegments()).toEqual([])
  })

  it('keeps everything when there is no room to move', async () => {
    const { scratch, refs, contents, file } = await writeSegment(20)
    const files = createFaultyFileSystem()
    const pool = await scratch.open({ files })
    files.fault = ({ name, path }) => (name === 'write' && path.includes('segments') ? 'ENOSPC' : undefined)
    expect(await pool.collect(hostKnowing(refs.slice(0, 5)))).toMatchObject({ segmentsCompacted: 0 })
    expect(await scratch.listSegments()).toContain(file)
    await expectReadable(pool, refs, contents)
  })

  it('makes the copy durable before Postgres swaps, and removes the file only afterwards', async () => {
    const { scratch, refs, contents, file } = await writeSegment(20)
    const pool = await scratch.open()
    const reader = await scratch.open()
    const live = refs.slice(0, 5)
    const host = hostKnowing(live)
    const watched: CollectHost = {
      ...host,
      async relocate(moves) {
        await expectReadable(
          reader,
          moves.map(({ blobId, to }) => ({ blobId, locator: to })),
          contents,
        )
        await stat(file)
        return host.relocate(moves)
      },
    }
    expect(await pool.collect(watched)).toMatchObject({ segmentsCompacted: 1 })
  })

  it('keeps the file when Postgres cannot be asked to swap', async () => {
    const { scratch, refs, file } = await writeSegment(20)
    const pool = await scratch.open()
    const host = { ...hostKnowing(refs.slice(0, 5)), relocate: () => Promise.reject(new Error('database is away')) }
    await expect(pool.collect(host)).rejects.toThrow('database is away')
    expect(await scratch.listSegments()).toContain(file)
  })

  it('takes a copy that an interrupted move left behind for dead', async () => {
    const { scratch, refs, contents } = await writeSegment(20)
    const first = await scratch.open()
    const live = refs.slice(0, 5)
    const crash = { ...hostKnowing(live), relocate: () => Promise.reject(new Error('crash')) }
    await expect(first.collect(crash)).rejects.toThrow('crash')
    await first.close()
    const pool = await scratch.open()
    expect(await pool.collect(hostKnowing(live))).toMatchObject({ segmentsCompacted: 2 })
    await expectReadable(pool, live, contents)
  })

  it('never touches the segment that another process appends to, and takes it once that process has closed', async () => {
    const scratch = await createScratchPool()
    const [writer, pool] = [await scratch.open(), await scratch.open()]
    await storeBlob(writer, randomBytes(SIZE))
    expect(await pool.collect(hostKnowing([]))).toMatchObject({ segmentsCompacted: 0 })
    expect(await scratch.listSegments()).toHaveLength(1)
    await writer.close()
    expect(await pool.collect(hostKnowing([]))).toMatchObject({ segmentsCompacted: 1 })
  })

  it('takes a full segment that its writer sealed while it goes on', async () => {
    const scratch = await createScratchPool()
    const writer = await scratch.open({ segmentBytes: 4 * 1_048_576 })
    for (let round = 0; round < 8; round += 1) {
      await Promise.all([1, 2, 3, 4].map(() => storeBlob(writer, randomBytes(250_000))))
    }
    const before = await scratch.listSegments()
    expect(before.length).toBeGreaterThan(1)
    for (const path of before) expect((await stat(path)).size).toBeLessThanOrEqual(4 * 1_048_576)
    expect((await writer.collect(hostKnowing([]))).segmentsCompacted).toBe(before.length - 1)
  })

  it('takes what an idle process wrote, once that is old enough to be sealed', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const scratch = await createScratchPool()
      const writer = await scratch.open({ segmentAgeMs: 0 })
      const pool = await scratch.open()
      await storeBlob(writer, randomBytes(SIZE))
      expect(await pool.collect(hostKnowing([]))).toMatchObject({ segmentsCompacted: 0 })
      vi.advanceTimersByTime(60_000)
      const collect = () => pool.collect(hostKnowing([]))
      await expect.poll(collect).toMatchObject({ segmentsCompacted: 1, orphansRemoved: 1 })
    } finally {
      vi.useRealTimers()
    }
  })

  it('joins small segments when there are many', async () => {
    const scratch = await createScratchPool()
    const [refs, contents]: [BlobRef[], Buffer[]] = [[], []]
    for (let index = 0; index < 8; index += 1) {
      const writer = await scratch.open()
      const pair = [randomBytes(SIZE), randomBytes(SIZE)]
      contents.push(...pair)
      refs.push(...(await Promise.all(pair.map((content) => storeBlob(writer, content)))))
      await writer.close()
    }
    const pool = await scratch.open()
    expect(await pool.collect(hostKnowing(refs))).toMatchObject({ segmentsCompacted: 8, orphansRemoved: 0 })
    expect(await scratch.listSegments()).toHaveLength(1)
    await expectReadable(pool, refs, contents)
  })

  it('stops when it is told to', async () => {
    const { scratch, file } = await writeSegment(3)
    const pool = await scratch.open()
    const report = await pool.collect({ ...hostKnowing([]), signal: AbortSignal.abort() })
    expect(report.segmentsCompacted).toBe(0)
    expect(await scratch.listSegments()).toEqual([file])
  })
})

describe('A damaged segment', () => {
  async function expectKept({ scratch, refs, file }: Written, live: BlobRef[]): Promise<void> {
    const pool = await scratch.open()
    expect(await pool.collect(hostKnowing(live))).toMatchObject({ segmentsCompacted: 0 })
    expect(await scratch.listSegments()).toContain(file)
    expect(scratch.log.lines.filter(({ level }) => level === 'error')).not.toEqual([])
    expect(refs.length).toBeGreaterThan(0)
  }

  it('is kept when a record of it lost its header', async () => {
    const written = await writeSegment(20)
    await overwrite(written.file, 4_096 + 20, Buffer.from([1, 2, 3]))
    await expectKept(written, [])
  })

  it('is kept when a block of zeros stands where its last records were', async () => {
    const written = await writeSegment(20)
    const bytes = await readFile(written.file)
    await overwrite(written.file, bytes.lastIndexOf('SREC', bytes.length - 4_097), Buffer.alloc(128))
    await expectKept(written, [])
  })

  it('is kept when it has fewer records than its seal tells', async () => {
    const written = await writeSegment(3)
    const bytes = await readFile(written.file)
    const end = bytes.length - 4_096
    const seal = Buffer.alloc(4_096)
    const segmentId = bytes.toString('hex', 12, 24)
    encodeSeal(seal, { segmentId, offset: end, groupOffset: end }, 4)
    await overwrite(written.file, end, seal)
    await expectKept(written, [])
  })

  it('is kept without a seal when a record of an earlier group lost its header', async () => {
    const scratch = await createScratchPool()
    const writer = await scratch.open()
    const refs = [await storeBlob(writer, randomBytes(SIZE)), await storeBlob(writer, randomBytes(SIZE))]
    await writer.close()
    const [file = ''] = await scratch.listSegments()
    const bytes = await readFile(file)
    await writeFile(file, bytes.subarray(0, bytes.length - 4_096))
    await overwrite(file, 4_096, Buffer.alloc(128))
    await expectKept({ scratch, refs, file, contents: [] }, [])
  })

  it('is kept when a live blob of it does not verify', async () => {
    const written = await writeSegment(20)
    const at = (await readFile(written.file)).indexOf(written.contents[2]?.subarray(0, 64) ?? '')
    await overwrite(written.file, at, Buffer.alloc(8))
    await expectKept(written, written.refs.slice(0, 5))
  })

  it('is kept when the file header is gone', async () => {
    const written = await writeSegment(2)
    await overwrite(written.file, 0, Buffer.alloc(64))
    await expectKept(written, [])
  })
})

describe('A segment whose writer died', () => {
  it('is compacted; its torn tail is ignored and its lease removed', async () => {
    const { scratch, refs, contents, file } = await writeSegment(20)
    const bytes = await readFile(file)
    const torn = Buffer.concat([bytes.subarray(0, bytes.length - 4_096), randomBytes(5_000), Buffer.alloc(100_000)])
    await writeFile(file, torn)
    const writerId = bytes.toString('hex', 24, 36)
    const lease = join(scratch.path, 'writers', `${writerId}.json`)
    const dead = {
      format: 1,
      pid: process.pid,
      startedAt: '1',
      bootId: await bootId(),
      processNamespace: await ownNamespace(scratch),
    }
    await writeFile(lease, JSON.stringify(dead))
    const pool = await scratch.open()
    const live = refs.slice(0, 5)
    expect(await pool.collect(hostKnowing(live))).toMatchObject({ segmentsCompacted: 1 })
    await expectReadable(pool, live, contents)
    await expect(stat(lease)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is left alone while a writer of another machine or container touches its lease', async () => {
    const { scratch, file } = await writeSegment(2)
    const bytes = await readFile(file)
    await writeFile(file, bytes.subarray(0, bytes.length - 4_096))
    const lease = join(scratch.path, 'writers', `${bytes.toString('hex', 24, 36)}.json`)
    await writeFile(
      lease,
      JSON.stringify({ format: 1, pid: 1, startedAt: '1', bootId: 'elsewhere', processNamespace: 'x' }),
    )
    const pool = await scratch.open()
    expect(await pool.collect(hostKnowing([]))).toMatchObject({ segmentsCompacted: 0 })
    const longAgo = new Date(Date.now() - 3_600_000)
    await utimes(lease, longAgo, longAgo)
    expect(await pool.collect(hostKnowing([]))).toMatchObject({ segmentsCompacted: 1 })
  })
})

describe('Collecting stripe files', () => {
  it('removes unfinished files only when they are old', async () => {
    const scratch = await createScratchPool()
    const pool = await scratch.open()
    const writer = pool.create(inputFor(null))
    await writer.write(randomBytes(3_000_000))
    // Waits for the first write to the disk.
    await writer.write(randomBytes(3_000_000))
    await pool.collect(hostKnowing([], YOUNG))
    expect(await scratch.listStripes()).toHaveLength(1)
    expect(await pool.collect(hostKnowing([]))).toMatchObject({ orphansRemoved: 1 })
    expect(await scratch.listStripes()).toEqual([])
    await writer.abort()
  })

  it('removes empty directories, and a writer that had used one makes it again', async () => {
    const scratch = await createScratchPool()
    const [pool, collector] = [await scratch.open(), await scratch.open()]
    const [input, again] = [inputFor(300_000), inputFor(300_000)]
    again.blobId = `${input.blobId.slice(0, 8)}${again.blobId.slice(8)}`
    await store(pool, input)
    await collector.collect(hostKnowing([]))
    expect(await readdir(join(scratch.path, 'stripes'))).toEqual([])
    await store(pool, again)
    expect(await scratch.listStripes()).toHaveLength(1)
  })

  it('leaves files alone that are not its own', async () => {
    const scratch = await createScratchPool()
    const pool = await scratch.open()
    const stranger = join(scratch.path, 'stripes', '00000', '000', newId())
    await mkdir(dirname(stranger), { recursive: true })
    await writeFile(stranger, 'x')
    await pool.collect(hostKnowing([]))
    expect(await scratch.listStripes()).toEqual([stranger])
  })

  async function store(pool: BlobStore, input: ReturnType<typeof inputFor>): Promise<void> {
    const writer = pool.create(input)
    await writer.write(randomBytes(300_000))
    await writer.commit()
  }
})

async function overwrite(path: string, offset: number, bytes: Buffer): Promise<void> {
  const file = await open(path, 'r+')
  await file.write(bytes, 0, bytes.length, offset)
  await file.close()
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
}

/** As a living writer of this process states it. */
async function ownNamespace(scratch: ScratchPool): Promise<string> {
  const pool = await scratch.open()
  const [name = ''] = await readdir(join(scratch.path, 'writers'))
  const lease = JSON.parse(await readFile(join(scratch.path, 'writers', name), 'utf8')) as { processNamespace: string }
  await pool.close()
  return lease.processNamespace
}

import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BlobMovedError, CorruptBlobError } from '#storage-engine/blobs/blob-errors.ts'
import { describeBlobStore, inputFor, readWhole, storeBlob } from '#storage-engine/blobs/blob-store.conformance.ts'
import type { BlobRef, BlobStore } from '#storage-engine/blobs/blob-store.ts'
import { createScratchPool } from '#storage-engine/blobs/pool/scratch-pool.ts'
import { StartupError } from '#storage-engine/errors.ts'

const SMALL = 150_000
const LARGE = 700_000

describeBlobStore('The pool', async () => (await createScratchPool()).open())

describe('Opening the pool', () => {
  it('refuses a directory without identity, and writes nothing into it', async () => {
    const scratch = await createScratchPool()
    await mkdir(scratch.path)
    await expect(scratch.open({ initialize: false })).rejects.toThrow(/has no node.json: mount its drive/)
    await expect(scratch.open({ initialize: false })).rejects.toThrow(StartupError)
    expect(await readdir(scratch.path)).toEqual([])
  })

  it('refuses the node of another installation', async () => {
    const scratch = await createScratchPool()
    await (await scratch.open()).close()
    const foreign = scratch.open({ clusterId: '0190b4c7-0000-7000-8000-00000000beef' })
    await expect(foreign).rejects.toThrow(/belongs to another installation/)
  })

  it.each([
    '',
    'null',
    '{"format":2}',
    '{"format":1,"cluster":"0190b4c7-0000-7000-8000-00000000c1a5","nodeId":"../x"}',
  ])('refuses the identity %j', async (text) => {
    const scratch = await createScratchPool()
    await mkdir(scratch.path)
    await writeFile(join(scratch.path, 'node.json'), text)
    await expect(scratch.open()).rejects.toThrow(StartupError)
  })

  it('gives one identity to processes that start at once', async () => {
    const scratch = await createScratchPool()
    const pools = await Promise.all([scratch.open(), scratch.open(), scratch.open()])
    const nodeIds = await Promise.all(pools.map(async (pool) => (await pool.status())[0]?.nodeId))
    expect(new Set(nodeIds).size).toBe(1)
  })

  it('refuses a node that is named twice, no node, and a small limit that no group takes', async () => {
    const scratch = await createScratchPool()
    await expect(scratch.open({ nodes: [scratch.path, scratch.path] })).rejects.toThrow(/names one storage node twice/)
    await expect(scratch.open({ nodes: [] })).rejects.toThrow(StartupError)
    await expect(scratch.open({ smallObjectBytes: 1_048_577 })).rejects.toThrow(/SCEAU_SMALL_OBJECT_BYTES/)
  })

  it('refuses ids that are not UUIDs, and part numbers beyond 10,000', async () => {
    const pool = await (await createScratchPool()).open()
    expect(() => pool.create({ ...inputFor(1), blobId: '../../etc/passwd' })).toThrow(TypeError)
    const input = inputFor(1)
    expect(() => pool.create({ ...input, owner: { ...input.owner, partNumber: 10_001 } })).toThrow(RangeError)
    expect(() => pool.create({ ...input, owner: { ...input.owner, form: 256 } })).toThrow(RangeError)
    expect(() => pool.create(inputFor(-1))).toThrow(RangeError)
  })
})

describe('Several processes over one node', () => {
  it.each([SMALL, LARGE])('read what each other wrote, %i bytes, also after a restart', async (size) => {
    const scratch = await createScratchPool()
    const [one, other] = [await scratch.open(), await scratch.open()]
    const content = randomBytes(size)
    const ref = await storeBlob(one, content)
    expect((await readWhole(other, ref, size)).equals(content)).toBe(true)
    await one.close()
    const restarted = await scratch.open({ initialize: false })
    expect((await readWhole(restarted, ref, size)).equals(content)).toBe(true)
  })

  it('append to segment files of their own', async () => {
    const scratch = await createScratchPool()
    const pools = [await scratch.open(), await scratch.open()]
    await Promise.all(pools.map((pool) => storeBlob(pool, randomBytes(100))))
    expect(await scratch.listSegments()).toHaveLength(2)
  })
})

describe('A read', () => {
  const cases = [
    ['segment', SMALL],
    ['stripe', LARGE],
  ] as const

  async function written(kind: 'segment' | 'stripe', size: number) {
    const scratch = await createScratchPool()
    const writer = await scratch.open()
    const content = randomBytes(size)
    const ref = await storeBlob(writer, content)
    await writer.close()
    const [file = ''] = kind === 'segment' ? await scratch.listSegments() : await scratch.listStripes()
    return { scratch, content, ref, file, reader: await scratch.open() }
  }

  it.each(cases)('of a %s computes no checksum for a caller that verifies the bytes itself', async (kind, size) => {
    const { content, ref, file, reader } = await written(kind, size)
    await flipBit(file, (await readFile(file)).indexOf(content.subarray(70_000, 70_032)))
    const range = { offset: 70_000, length: 32 }
    const bytes = await reader.read({ ...ref, isVerifiedByCaller: true }, range)
    expect(bytes.equals(content.subarray(70_000, 70_032))).toBe(false)
    expect(bytes.subarray(1).equals(content.subarray(70_001, 70_032))).toBe(true)
    await expectCorrupt(reader, { ...ref, isVerifiedByCaller: true, size: size - 1 } as BlobRef, range, 'mismatch')
  })

  it("does not need a small blob's header for a caller that verifies the bytes itself", async () => {
    const { content, ref, file, reader } = await written('segment', SMALL)
    await flipBit(file, (await readFile(file)).indexOf(content.subarray(0, 32)) - 100)
    const range = { offset: 10, length: 70_000 }
    const bytes = await reader.read({ ...ref, isVerifiedByCaller: true }, range)
    expect(bytes.equals(content.subarray(10, 70_010))).toBe(true)
    await expectCorrupt(reader, ref, range, 'mismatch')
  })

  it.each(cases)(
    'of a %s hands out no byte of a block with a flipped bit, and every other block',
    async (kind, size) => {
      const { content, ref, file, reader } = await written(kind, size)
      const at = (await readFile(file)).indexOf(content.subarray(70_000, 70_032))
      await flipBit(file, at)
      await expectCorrupt(reader, ref, { offset: 70_001, length: 1 }, 'mismatch')
      expect((await reader.read(ref, { offset: 0, length: 60_000 })).equals(content.subarray(0, 60_000))).toBe(true)
      expect((await reader.read(ref, { offset: 140_000, length: 9 })).equals(content.subarray(140_000, 140_009))).toBe(
        true,
      )
    },
  )

  it.each(cases)('of a %s notices a flipped bit in the header', async (kind, size) => {
    const { ref, file, reader } = await written(kind, size)
    await flipBit(file, kind === 'segment' ? 4_096 + 50 : 50)
    await expectCorrupt(reader, ref, { offset: 0, length: 1 }, 'mismatch')
  })

  it.each(cases)('of a %s notices that the file was cut', async (kind, size) => {
    const { ref, file, reader } = await written(kind, size)
    const handle = await open(file, 'r+')
    await handle.truncate(80_000)
    await handle.close()
    await expectCorrupt(reader, ref, { offset: size - 10, length: 10 }, 'short')
  })

  it.each(cases)('of a %s notices the bytes of another blob in its place', async (kind, size) => {
    const { scratch, ref, file, reader } = await written(kind, size)
    const other = await scratch.open()
    await storeBlob(other, randomBytes(size))
    await other.close()
    const files = kind === 'segment' ? await scratch.listSegments() : await scratch.listStripes()
    const otherFile = files.find((path) => path !== file) ?? ''
    await writeFile(file, await readFile(otherFile))
    await expectCorrupt(reader, ref, { offset: 0, length: 1 }, 'mismatch')
  })

  it.each(cases)('of a %s notices that the locator belongs to another blob', async (_, size) => {
    const { ref, reader } = await written(size === SMALL ? 'segment' : 'stripe', size)
    const other = await storeBlob(reader, randomBytes(size))
    if (size === SMALL) {
      await expectCorrupt(reader, { ...ref, blobId: other.blobId }, { offset: 0, length: 1 }, 'mismatch')
    } else {
      const longer = { ...ref, locator: ref.locator.replace(/\d+$/, String(size + 1)) }
      await expectCorrupt(reader, longer, { offset: 0, length: 1 }, 'mismatch')
    }
  })

  it('notices two whole pages of a stripe that changed places', async () => {
    const { ref, file, reader } = await written('stripe', LARGE)
    const bytes = await readFile(file)
    const first = Buffer.from(bytes.subarray(4_096, 4_096 + 65_536))
    bytes.copyWithin(4_096, 4_096 + 65_536, 4_096 + 2 * 65_536)
    first.copy(bytes, 4_096 + 65_536)
    await writeFile(file, bytes)
    await expectCorrupt(reader, ref, { offset: 0, length: 1 }, 'mismatch')
  })

  it('tells a missing stripe from a segment that is gone', async () => {
    const stripe = await written('stripe', LARGE)
    await rm(stripe.file)
    await expectCorrupt(stripe.reader, stripe.ref, { offset: 0, length: 1 }, 'missing')
    const segment = await written('segment', SMALL)
    await rm(segment.file)
    const moved = (async () => segment.reader.read(segment.ref, { offset: 0, length: 1 }))()
    await expect(moved).rejects.toThrow(BlobMovedError)
    await expect(moved).rejects.toMatchObject({ locator: segment.ref.locator })
  })

  it('answers at once when a small blob was read before', async () => {
    const { content, ref, reader } = await written('segment', SMALL)
    await reader.read(ref, { offset: 0, length: 1 })
    const hot = await Promise.all(Array.from({ length: 20 }, () => reader.read(ref, { offset: 5, length: 5 })))
    expect(hot.every((bytes) => bytes.equals(content.subarray(5, 10)))).toBe(true)
  })

  it('refuses a locator that is not its own', async () => {
    const pool = await (await createScratchPool()).open()
    const { blobId } = inputFor(1)
    expect(() => pool.read({ blobId, locator: 'f1.../../x.1' }, { offset: 0, length: 1 })).toThrow(TypeError)
    const absent = { blobId, locator: 'f1.0123456789abcdef.1' }
    expect(() => pool.read(absent, { offset: 0, length: 1 })).toThrow(CorruptBlobError)
  })
})

async function flipBit(path: string, offset: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[offset] = (bytes[offset] ?? 0) ^ 0x10
  await writeFile(path, bytes)
}

async function expectCorrupt(
  pool: BlobStore,
  ref: BlobRef,
  range: { offset: number; length: number },
  reason: string,
): Promise<void> {
  const reading = (async () => pool.read(ref, range))()
  await expect(reading).rejects.toThrow(CorruptBlobError)
  await expect(reading).rejects.toMatchObject({ reason, locator: ref.locator })
}

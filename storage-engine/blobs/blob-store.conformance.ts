import { randomBytes, randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CorruptBlobError } from '#storage-engine/blobs/blob-errors.ts'
import type { BlobEncoder, BlobRef, BlobStore, CollectHost, CreateBlobInput } from '#storage-engine/blobs/blob-store.ts'
import { newId } from '#storage-engine/ids.ts'

const SMALL = 4_096
const LARGE = 3 * 1_048_576 + 17

/** What every BlobStore promises. `open` gives a store of its own, able to hold some 50 MB. */
export function describeBlobStore(name: string, open: () => Promise<BlobStore>): void {
  describe(`${name} as a blob store`, () => {
    let opened: BlobStore
    const store = () => opened

    beforeEach(async () => {
      opened = await open()
    })
    afterEach(async () => {
      await opened.close()
    })

    describeReads(store)
    describeLies(store)
    describeWrites(store)
    describeRemovals(store)
  })
}

function describeReads(store: () => BlobStore): void {
  describe.each([
    ['empty', 0],
    ['one byte', 1],
    ['small', SMALL],
    ['one block', 65_536],
    ['one page and a byte', 65_533],
    ['at the small limit', 262_144],
    ['just above the small limit', 262_145],
    ['one mebibyte', 1_048_576],
    ['large', LARGE],
  ])('a blob of %s', (_, size) => {
    it.each([
      ['a known size', size],
      ['an unknown size', null],
    ])('comes back as it was written with %s', async (_, announced) => {
      const content = randomBytes(size)
      const ref = await storeBlob(store(), content, { size: announced })
      expect(ref.locator).toMatch(/^[ -~]{1,200}$/)
      expect((await readWhole(store(), ref, size)).equals(content)).toBe(true)
    })
  })

  it.each([SMALL, 200_000, LARGE])('reads any range of a blob of %i bytes', async (size) => {
    const content = randomBytes(size)
    const ref = await storeBlob(store(), content)
    const edges = [0, 1, 65_531, 65_532, 65_533, 65_535, 65_536, 65_537, 131_064, size - 1, size].filter(
      (at) => at >= 0 && at <= size,
    )
    for (const offset of edges) {
      for (const end of edges.filter((at) => at >= offset && at - offset <= 1_048_576)) {
        const bytes = await store().read(ref, { offset, length: end - offset })
        expect(bytes.equals(content.subarray(offset, end))).toBe(true)
      }
    }
  })

  it.each([SMALL, LARGE])('refuses a range beyond a blob of %i bytes', async (size) => {
    const ref = await storeBlob(store(), randomBytes(size))
    await expect(async () => store().read(ref, { offset: size - 1, length: 2 })).rejects.toThrow(RangeError)
    await expect(async () => store().read(ref, { offset: -1, length: 1 })).rejects.toThrow(RangeError)
  })
}

function describeLies(store: () => BlobStore): void {
  it.each([SMALL, LARGE])('gives a blob of %i bytes only to who believes the right things of it', async (size) => {
    const input = inputFor(size)
    const { owner } = input
    const ref = await storeBlob(store(), randomBytes(size), { input })
    const read = (belief: object) => store().read({ ...ref, owner, size, ...belief }, { offset: 0, length: 1 })
    await read({})
    await read({ owner: { ...owner, form: 0 } })
    const lies = [
      { owner: { ...owner, namespaceId: randomUUID() } },
      { owner: { ...owner, bucketId: randomUUID() } },
      { owner: { ...owner, versionId: randomUUID() } },
      { owner: { ...owner, partNumber: 1 } },
      { owner: { ...owner, form: 1 } },
      { size: size - 1 },
    ]
    for (const lie of lies) await expect(async () => read(lie)).rejects.toThrow(CorruptBlobError)
  })

  it.each([SMALL, LARGE])(
    'gives a blob of %i bytes that does not say its form to whoever believes one',
    async (size) => {
      const input = inputFor(size)
      const silent = { ...input, owner: { ...input.owner, form: 0 } }
      const ref = await storeBlob(store(), randomBytes(size), { input: silent })
      await store().read({ ...ref, owner: input.owner, size }, { offset: 0, length: 1 })
    },
  )
}

function describeWrites(store: () => BlobStore): void {
  it.each([SMALL, LARGE])(
    'rejects the commit when a blob of %i bytes was announced with another size',
    async (size) => {
      await expect(storeBlob(store(), randomBytes(size), { size: size + 1 })).rejects.toThrow(/announced/)
      await expect(storeBlob(store(), randomBytes(size), { size: size - 1 })).rejects.toThrow(/announced/)
    },
  )

  it.each([SMALL, LARGE])('forgets an aborted blob of %i bytes, twice without complaint', async (size) => {
    const writer = store().create(inputFor(size))
    await writer.write(randomBytes(size))
    await writer.abort()
    await writer.abort()
    await expect(writer.commit()).rejects.toThrow()
  })

  it('keeps what is aborted after the commit', async () => {
    const content = randomBytes(LARGE)
    const writer = store().create(inputFor(LARGE))
    await writer.write(content)
    const ref = await writer.commit()
    await writer.abort()
    expect((await readWhole(store(), ref, LARGE)).equals(content)).toBe(true)
  })

  it.each([1, 65_533, 262_145, LARGE])('stores what an encoder makes of %i bytes', async (size) => {
    const content = randomBytes(size)
    const input = { ...inputFor(2 * size), encoder: doublingEncoder(size) }
    const ref = await storeBlob(store(), content, { input })
    const doubled = Buffer.from([...content].flatMap((byte) => [byte, byte]))
    expect((await readWhole(store(), ref, 2 * size)).equals(doubled)).toBe(true)
  })

  it('rejects the commit when an encoder gets more or fewer bytes than it was made for', async () => {
    for (const size of [LARGE - 1, LARGE + 1]) {
      const input = { ...inputFor(2 * LARGE), encoder: doublingEncoder(LARGE) }
      await expect(storeBlob(store(), randomBytes(size), { input })).rejects.toThrow(/announced/)
    }
  })

  it('rejects the commit when an encoder fails, and goes on with the next blob', async () => {
    const encoder = {
      ...doublingEncoder(LARGE),
      encode() {
        throw new Error('no cipher')
      },
    }
    await expect(
      storeBlob(store(), randomBytes(LARGE), { input: { ...inputFor(2 * LARGE), encoder } }),
    ).rejects.toThrow()
    const [node] = await store().status()
    expect(node?.state).toBe('online')
    const content = randomBytes(LARGE)
    const ref = await storeBlob(store(), content)
    expect((await readWhole(store(), ref, LARGE)).equals(content)).toBe(true)
  })

  it('keeps many blobs apart that are written at once', async () => {
    const contents = Array.from({ length: 200 }, (_, index) =>
      randomBytes(index % 10 === 0 ? 300_000 + index : 500 + index),
    )
    const refs = await Promise.all(
      contents.map((content, index) => storeBlob(store(), content, { size: index % 3 === 0 ? null : content.length })),
    )
    for (const [index, content] of contents.entries()) {
      expect((await readWhole(store(), refs[index] as BlobRef, content.length)).equals(content)).toBe(true)
    }
  })
}

function describeRemovals(store: () => BlobStore): void {
  it('removes a blob, and removes it again without complaint', async () => {
    const ref = await storeBlob(store(), randomBytes(LARGE))
    await store().remove([ref])
    await store().remove([ref])
    await expect(async () => store().read(ref, { offset: 0, length: 1 })).rejects.toThrow(CorruptBlobError)
  })

  it('collects blobs without a row and leaves those that have one or are young', async () => {
    const [known, orphan] = [await storeBlob(store(), randomBytes(LARGE)), await storeBlob(store(), randomBytes(LARGE))]
    const before = await store().collect(hostKnowing([known], { orphansBefore: new Date(Date.now() - 60_000) }))
    expect(before).toEqual({ orphansRemoved: 0, segmentsCompacted: 0, bytesReclaimed: 0 })
    const after = await store().collect(hostKnowing([known]))
    expect(after.orphansRemoved).toBe(1)
    expect(after.bytesReclaimed).toBeGreaterThanOrEqual(LARGE)
    await store().read(known, { offset: 0, length: LARGE - 2 * 1_048_576 })
    await expect(async () => store().read(orphan, { offset: 0, length: 1 })).rejects.toThrow(CorruptBlobError)
  })

  it('tells the state and the space of its nodes', async () => {
    for (const node of await store().status()) {
      expect(node.state).toBe('online')
      expect(node.freeBytes).toBeGreaterThan(0)
      expect(node.totalBytes).toBeGreaterThanOrEqual(node.freeBytes)
    }
  })

  it('answers ServiceUnavailable once it is closed', async () => {
    await store().close()
    expect(() => store().create(inputFor(1))).toThrow(expect.objectContaining({ code: 'ServiceUnavailable' }))
  })
}

/** Each byte twice. */
function doublingEncoder(inputSize: number): BlobEncoder {
  let half: number | null = null
  return {
    inputSize,
    outputSize: (written) => 2 * written,
    encode(target, read) {
      const byte = Buffer.alloc(1)
      for (let at = 0; at < target.length; at++) {
        if (half === null) read(byte)
        target[at] = half ?? (byte[0] as number)
        half = half === null ? (byte[0] as number) : null
      }
    },
  }
}

export function inputFor(size: number | null) {
  return {
    blobId: newId(),
    size,
    owner: { namespaceId: randomUUID(), bucketId: randomUUID(), versionId: randomUUID(), partNumber: 0, form: 2 },
  }
}

/** Writes `content` in uneven chunks; the announced size is the right one unless given. */
export async function storeBlob(
  store: BlobStore,
  content: Buffer,
  { size = content.length, input = inputFor(size) }: { size?: number | null; input?: CreateBlobInput } = {},
): Promise<BlobRef> {
  const writer = store.create(input)
  try {
    for (let offset = 0, step = 1_000; offset < content.length; offset += step, step = Math.min(step * 3, 70_001)) {
      await writer.write(content.subarray(offset, offset + step))
    }
    return await writer.commit()
  } catch (error) {
    await writer.abort()
    throw error
  }
}

export async function readWhole(store: BlobStore, ref: BlobRef, size: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (let offset = 0; offset < size; offset += 1_000_003) {
    pieces.push(await store.read(ref, { offset, length: Math.min(1_000_003, size - offset) }))
  }
  return Buffer.concat(pieces)
}

/** A host whose database holds exactly `refs`; swaps change them in place. By default everything counts as old. */
export function hostKnowing(refs: BlobRef[], { orphansBefore = new Date(Date.now() + 60_000) } = {}): CollectHost {
  const rows = new Map(refs.map((ref) => [ref.blobId, ref]))
  return {
    async findKnown(blobIds) {
      return new Map(blobIds.flatMap((blobId) => rows.get(blobId) ?? []).map((ref) => [ref.blobId, ref.locator]))
    },
    async relocate(moves) {
      const swapped = moves.filter(({ blobId, from }) => rows.get(blobId)?.locator === from)
      for (const { blobId, to } of swapped) (rows.get(blobId) as BlobRef).locator = to
      return new Set(swapped.map(({ blobId }) => blobId))
    },
    orphansBefore,
    signal: new AbortController().signal,
  }
}

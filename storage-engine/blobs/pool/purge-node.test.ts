import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { PurgeableBlobStore, PurgeHost } from '#storage-engine/blobs/blob-purge.ts'
import { hostKnowing, inputFor, readWhole } from '#storage-engine/blobs/blob-store.conformance.ts'
import type { BlobRef } from '#storage-engine/blobs/blob-store.ts'
import { createFaultyFileSystem } from '#storage-engine/blobs/pool/faulty-file-system.ts'
import { createScratchPool, type ScratchPool } from '#storage-engine/blobs/pool/scratch-pool.ts'
import { newId } from '#storage-engine/ids.ts'

const SMALL = 5_000
const LARGE = 700_000
const NAMESPACE = newId()
const OTHER_NAMESPACE = newId()

interface Written {
  content: Buffer
  ref: BlobRef
}

async function write(
  store: PurgeableBlobStore,
  size: number,
  { namespaceId = NAMESPACE, form = 1 } = {},
): Promise<Written> {
  const content = randomBytes(size)
  const input = inputFor(size)
  const writer = store.create({ ...input, owner: { ...input.owner, namespaceId, form } })
  await writer.write(content)
  return { content, ref: await writer.commit() }
}

function hostFor(known: Written[], changes: Partial<PurgeHost> = {}): PurgeHost {
  const later = new Date(Date.now() + 60_000)
  return {
    ...hostKnowing(known.map(({ ref }) => ref)),
    namespaceIds: new Set([NAMESPACE]),
    isWanted: ({ form }) => form === 1,
    writtenBefore: later,
    unfinishedBefore: later,
    ...changes,
  }
}

/** Whether any file of the node holds 32 bytes of the content, taken from its middle. */
async function isOnDisk(scratch: ScratchPool, { content }: Written): Promise<boolean> {
  const needle = content.subarray(content.length / 2, content.length / 2 + 32)
  for (const path of [...(await scratch.listSegments()), ...(await scratch.listStripes())]) {
    if ((await readFile(path)).includes(needle)) return true
  }
  return false
}

async function expectReadable(store: PurgeableBlobStore, { ref, content }: Written): Promise<void> {
  expect((await readWhole(store, ref, content.length)).equals(content)).toBe(true)
}

it('erases a small blob in a file that its writer still appends to, and leaves its neighbours', async () => {
  const scratch = await createScratchPool()
  const pool = await scratch.open()
  const [before, doomed, after] = await Promise.all([write(pool, SMALL), write(pool, 200_000), write(pool, SMALL)])
  expect(await isOnDisk(scratch, doomed)).toBe(true)
  await pool.erase([doomed.ref])
  await pool.erase([doomed.ref])
  expect(await isOnDisk(scratch, doomed)).toBe(false)
  const later = await write(pool, SMALL)
  await pool.close()
  const reopened = await scratch.open()
  for (const blob of [before, after, later]) await expectReadable(reopened, blob)
  await expect(async () => reopened.read(doomed.ref, { offset: 0, length: 10 })).rejects.toThrow('mismatch')
})

it('compacts a file with erased blobs in it as it does any other', async () => {
  const scratch = await createScratchPool()
  const writer = await scratch.open()
  const blobs = await Promise.all(Array.from({ length: 10 }, () => write(writer, SMALL)))
  await writer.close()
  const pool = await scratch.open()
  await pool.erase(blobs.slice(2).map(({ ref }) => ref))
  const report = await pool.collect(hostKnowing(blobs.slice(0, 2).map(({ ref }) => ref)))
  expect(report).toMatchObject({ segmentsCompacted: 1, orphansRemoved: 8 })
  expect(scratch.log.lines.filter(({ level }) => level === 'error')).toEqual([])
})

it('never overwrites what another blob has at that place', async () => {
  const scratch = await createScratchPool()
  const pool = await scratch.open()
  const kept = await write(pool, SMALL)
  await pool.erase([{ blobId: newId(), locator: kept.ref.locator }])
  await expectReadable(pool, kept)
})

it('finds and erases what has no row, in every kind of file, and nothing else', async () => {
  const scratch = await createScratchPool()
  const pool = await scratch.open()
  const sizes = [SMALL, LARGE]
  const known = await Promise.all(sizes.map((size) => write(pool, size)))
  const doomed = await Promise.all(sizes.map((size) => write(pool, size)))
  const foreign = await Promise.all(sizes.map((size) => write(pool, size, { namespaceId: OTHER_NAMESPACE })))
  const sealed = await Promise.all(sizes.map((size) => write(pool, size, { form: 2 })))
  expect(await pool.purge(hostFor(known))).toEqual({ erased: 2, pending: 0 })
  for (const blob of doomed) expect(await isOnDisk(scratch, blob)).toBe(false)
  for (const blob of [...known, ...foreign, ...sealed]) await expectReadable(pool, blob)
  expect(await pool.purge(hostFor(known))).toEqual({ erased: 0, pending: 0 })
})

it('erases the copy that an interrupted move left, and keeps the blob', async () => {
  const scratch = await createScratchPool()
  const writer = await scratch.open()
  const kept = await write(writer, SMALL)
  await write(writer, 100_000)
  await writer.close()
  const pool = await scratch.open()
  const crash = { ...hostKnowing([kept.ref]), relocate: () => Promise.reject(new Error('crash')) }
  await expect(pool.collect(crash)).rejects.toThrow('crash')
  // The copy at the new place, and the blob of 100,000 bytes that never had a row.
  expect(await pool.purge(hostFor([kept]))).toEqual({ erased: 2, pending: 0 })
  await expectReadable(pool, kept)
})

it('leaves what is young, and says that something is left', async () => {
  const scratch = await createScratchPool()
  const pool = await scratch.open()
  const young = [await write(pool, SMALL), await write(pool, LARGE)]
  const host = hostFor([], { writtenBefore: new Date(Date.now() - 60_000) })
  expect(await pool.purge(host)).toEqual({ erased: 0, pending: 2 })
  for (const blob of young) await expectReadable(pool, blob)
})

it('waits for files that are being written, and takes those that nobody goes on with', async () => {
  const scratch = await createScratchPool()
  const pool = await scratch.open()
  const input = inputFor(5 * LARGE)
  const writer = pool.create({ ...input, owner: { ...input.owner, namespaceId: NAMESPACE, form: 1 } })
  for (let count = 0; count < 3; count++) await writer.write(randomBytes(LARGE))
  await expect.poll(() => scratch.listStripes()).toHaveLength(1)
  const young = { unfinishedBefore: new Date(Date.now() - 60_000) }
  expect(await pool.purge(hostFor([], young))).toEqual({ erased: 0, pending: 1 })
  expect(await pool.purge(hostFor([]))).toEqual({ erased: 1, pending: 0 })
  expect(await scratch.listStripes()).toEqual([])
  await writer.abort()
})

it('says so when the drive does not take the zeros', async () => {
  const scratch = await createScratchPool()
  const files = createFaultyFileSystem()
  const pool = await scratch.open({ files })
  const doomed = await write(pool, SMALL)
  files.fault = ({ name, path }) =>
    name === 'sync' && path.startsWith(join(scratch.path, 'segments')) ? 'EIO' : undefined
  await expect(pool.erase([doomed.ref])).rejects.toMatchObject({ code: 'ServiceUnavailable' })
})

import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CorruptBlobError } from '#storage-engine/blobs/blob-errors.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import type { Engine } from '#storage-engine/engine.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { readObject, readSmallObject } from '#storage-engine/objects/read-object.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { findTestObject, putTestObject } from '#storage-engine/testing/test-objects.ts'

const SMALL = 100_000
const LARGE = 3_000_000

let test: TestEngine
let engine: Engine
let bucket: Bucket

beforeAll(async () => {
  test = await startTestEngine()
  engine = test.engine
  bucket = await createTestBucketIn(engine)
})
afterAll(() => test.stop())

describe('What does not open', () => {
  it.each([SMALL, LARGE])('is the loss of a disk where the disk has lost it (%i bytes)', async (size) => {
    const object = await written(size)
    await flipBitOnDisk(object, size - 1000)
    await expectCause(engine, object, CorruptBlobError)
  })

  it.each([SMALL, LARGE])('is a broken seal where the disk has what was written (%i bytes)', async (size) => {
    const object = await written(size)
    const other = await written(size)
    const blobs: Engine['blobs'] = {
      ...engine.blobs,
      read: (asked, range, scratch) => {
        const { owner: _, ...taken } = asked
        return engine.blobs.read({ ...taken, ...blobOf(other) }, range, scratch)
      },
    }
    await expectCause({ ...engine, blobs }, object, SealBrokenError)
  })

  it.each([SMALL, LARGE])('leaves what stands before it readable (%i bytes)', async (size) => {
    const object = await written(size)
    await flipBitOnDisk(object, size - 1000)
    const bytes = await collect(readObject(engine, { bucket, object, range: { start: 10, end: 59 } }))
    expect(bytes).toHaveLength(50)
  })
})

it('keeps reads apart that are under way at once, some of which nobody waits for any more', async () => {
  const objects = await Promise.all([4000, 100_000, LARGE, 4000, 100_000, LARGE].map(written))
  const whole = await Promise.all(objects.map((object) => collect(readObject(engine, { bucket, object, range: null }))))
  const read: Engine['blobs']['read'] = async (...input) => {
    const stored = await engine.blobs.read(...input)
    await delay(5)
    return stored
  }
  const slow = { ...engine, blobs: { ...engine.blobs, read } }
  const turns = Array.from({ length: 8 }, () => [...objects.entries()]).flat()
  await Promise.all(
    turns.map(async ([index, object]) => {
      for await (const _ of readObject(slow, { bucket, object, range: null })) break
      const again = await collect(readObject(slow, { bucket, object, range: null }))
      expect(again.equals(whole[index] as Buffer)).toBe(true)
      const small = await readSmallObject(slow, { bucket, object })
      if (small !== null) expect(small.equals(whole[index] as Buffer)).toBe(true)
    }),
  )
})

let count = 0

async function written(size: number): Promise<ObjectVersion> {
  const key = `object-${count++}`
  await putTestObject(engine, { bucket, key, body: randomBytes(size) })
  return findTestObject(engine, { bucket, key })
}

function blobOf({ blob }: ObjectVersion) {
  if (blob === null) throw new Error('The object is not one blob')
  return { blobId: blob.blobId, locator: blob.locator }
}

async function flipBitOnDisk(object: ObjectVersion, offset: number): Promise<void> {
  const sealed = Buffer.from(await engine.blobs.read(blobOf(object), { offset, length: 64 }))
  for (const name of fs.readdirSync(test.directory, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(test.directory, name)
    if (!/[\\/](?:segments|stripes)[\\/]/.test(file) || !fs.statSync(file).isFile()) continue
    const at = fs.readFileSync(file).indexOf(sealed)
    if (at < 0) continue
    const handle = fs.openSync(file, 'r+')
    fs.writeSync(handle, Buffer.from([(sealed[0] as number) ^ 1]), 0, 1, at)
    fs.closeSync(handle)
    return
  }
  throw new Error('The bytes are nowhere on disk')
}

async function expectCause(of: Engine, object: ObjectVersion, kind: new (...input: never[]) => Error): Promise<void> {
  const whole = async () =>
    readSmallObject(of, { bucket, object }) ?? collect(readObject(of, { bucket, object, range: null }))
  const end = { start: object.size - 10, end: object.size - 1 }
  for (const read of [whole, () => collect(readObject(of, { bucket, object, range: end }))]) {
    const error = await read().then(
      () => null,
      (thrown: unknown) => thrown as Error,
    )
    expect([error, error?.cause].some((each) => each instanceof kind)).toBe(true)
  }
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

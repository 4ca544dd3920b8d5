import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyOf } from '#storage-engine/body.ts'
import { FLOE_HEADER_BYTES, SEALED_SEGMENT_BYTES } from '#storage-engine/crypto/floe.ts'
import { plainSizeOf } from '#storage-engine/crypto/floe-frame.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { completeUpload } from '#storage-engine/objects/complete-upload.ts'
import { getUpload, writePart } from '#storage-engine/objects/uploads.ts'
import { createRandom, engineWithPayload, expectNothingFalse, type Random } from '#storage-engine/testing/tampering.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import {
  findTestObject,
  putTestObject,
  putTestParts,
  readTestObject,
  startTestUpload,
} from '#storage-engine/testing/test-objects.ts'

const MIB = 1024 ** 2
const SIZES = [100, 65_536, 200_000, 400_000]
const CASES_EACH = 220
const SEED = 20_260_101

interface Stored {
  bucket: Bucket
  key: string
  body: Buffer
  object: ObjectVersion
  /** As it lies on the node; of a single body. */
  payload: Buffer
}

let test: TestEngine
let bucket: Bucket
/** By size; `others` have the same sizes: another object, bucket and namespace, and what the key held before. */
const stored = new Map<number, Stored>()
const others = new Map<number, Stored[]>()
let parts: Omit<Stored, 'payload'>

beforeAll(async () => {
  test = await startTestEngine()
  bucket = await createTestBucketIn(test.engine)
  const elsewhere = await createTestBucketIn(test.engine)
  for (const size of SIZES) {
    const before = await put(bucket, `key-${size}`, size)
    stored.set(size, await put(bucket, `key-${size}`, size))
    others.set(size, [before, await put(bucket, `other-${size}`, size), await put(elsewhere, `key-${size}`, size)])
  }
  const bodies = [randomBytes(5 * MIB), randomBytes(5 * MIB), randomBytes(5 * MIB)]
  await putTestParts(test.engine, { bucket, key: 'parts', parts: bodies })
  const object = await findTestObject(test.engine, { bucket, key: 'parts' })
  parts = { bucket, key: 'parts', body: Buffer.concat(bodies), object }
})
afterAll(() => test.stop())

async function put(into: Bucket, key: string, size: number): Promise<Stored> {
  const body = randomBytes(size)
  await putTestObject(test.engine, { bucket: into, key, body })
  const object = await findTestObject(test.engine, { bucket: into, key })
  const { blobId, locator, storedSize } = object.blob as NonNullable<ObjectVersion['blob']>
  const payload = Buffer.from(await test.engine.blobs.read({ blobId, locator }, { offset: 0, length: storedSize }))
  return { bucket: into, key, body, object, payload }
}

/** The same version, as rows that agree with a payload of this size would have it. */
function rowsFor(object: ObjectVersion, storedSize: number): ObjectVersion {
  const size = plainSizeOf(storedSize)
  if (size === null || object.blob === null) return object
  return { ...object, size, sealedSize: size, blob: { ...object.blob, size, storedSize } }
}

const segmentsOf = (payload: Buffer): Buffer[] => {
  const segments: Buffer[] = []
  for (let at = FLOE_HEADER_BYTES; at < payload.length; at += SEALED_SEGMENT_BYTES) {
    segments.push(payload.subarray(at, at + SEALED_SEGMENT_BYTES))
  }
  return segments
}

type Mutation = (random: Random, payload: Buffer, size: number) => Buffer
const rebuilt = (payload: Buffer, segments: Buffer[]) =>
  Buffer.concat([payload.subarray(0, FLOE_HEADER_BYTES), ...segments])

const MUTATIONS: Record<string, Mutation> = {
  flip(random, payload) {
    const changed = Buffer.from(payload)
    const at = random.below(payload.length)
    changed[at] = (changed[at] as number) ^ (1 << random.below(8))
    return changed
  },
  truncate: (random, payload) => payload.subarray(0, random.below(payload.length)),
  truncateAtSegment: (random, payload) =>
    rebuilt(payload, segmentsOf(payload).slice(0, random.below(segmentsOf(payload).length))),
  extend: (random, payload) => Buffer.concat([payload, randomBytes(1 + random.below(70_000))]),
  drop(random, payload) {
    const segments = segmentsOf(payload)
    segments.splice(random.below(segments.length), 1)
    return rebuilt(payload, segments)
  },
  duplicate(random, payload) {
    const segments = segmentsOf(payload)
    const at = random.below(segments.length)
    segments.splice(random.below(segments.length + 1), 0, segments[at] as Buffer)
    return rebuilt(payload, segments)
  },
  reorder(random, payload) {
    const segments = segmentsOf(payload)
    const at = random.below(segments.length)
    segments.push(...segments.splice(at, 1))
    return rebuilt(payload, segments)
  },
  /** A segment of the right index, size and position, from elsewhere. */
  transplant(random, payload, size) {
    const segments = segmentsOf(payload)
    const at = random.below(segments.length)
    segments[at] = segmentsOf(random.pick(others.get(size) as Stored[]).payload)[at] as Buffer
    return rebuilt(payload, segments)
  },
  otherHeader: (random, payload, size) =>
    Buffer.concat([
      random.pick(others.get(size) as Stored[]).payload.subarray(0, FLOE_HEADER_BYTES),
      payload.subarray(FLOE_HEADER_BYTES),
    ]),
  otherBlob: (random, _payload, size) => random.pick(others.get(size) as Stored[]).payload,
}

describe('bytes on a node', () => {
  it.each(SIZES)('of %i bytes give an error when they are tampered with, and never a false byte', async (size) => {
    const random = createRandom(SEED + size)
    const { object, payload, body, key } = stored.get(size) as Stored
    const { blobId } = object.blob as NonNullable<ObjectVersion['blob']>
    let cases = 0
    while (cases < CASES_EACH) {
      const name = random.pick(Object.keys(MUTATIONS))
      const forged = (MUTATIONS[name] as Mutation)(random, payload, size)
      if (forged.equals(payload)) continue
      const engine = engineWithPayload(test.engine, { blobId, payload: forged })
      const about = `case ${cases}, ${name}`
      for (const rows of [object, rowsFor(object, forged.length)]) {
        const whole = await readTestObject(engine, { bucket, key, object: rows })
        expect(whole.error, about).not.toBeNull()
        expectNothingFalse(whole, body, about)
        if (size <= 4 * 65_536) expect(whole.bytes, about).toHaveLength(0)
        const start = random.below(rows.size)
        const range = { start, end: start + random.below(rows.size - start) }
        const part = await readTestObject(engine, { bucket, key, object: rows, range })
        expectNothingFalse(part, body.subarray(range.start, range.end + 1), `${about}, range`)
      }
      cases++
    }
  })

  it('of a part never pass for another part, nor tampered ones for their own', async () => {
    const random = createRandom(SEED)
    const { object, body, key } = parts
    const rows = await listPartBlobs(object)
    const payloads = await Promise.all(rows.map((row) => readPayload(row)))
    for (let index = 0; index < 60; index++) {
      const at = random.below(rows.length)
      const payload = payloads[at] as Buffer
      const name = random.pick(['flip', 'truncate', 'drop', 'reorder', 'duplicate', 'swap'])
      const swapped = payloads[(at + 1 + random.below(rows.length - 1)) % rows.length] as Buffer
      const forged = name === 'swap' ? swapped : (MUTATIONS[name] as Mutation)(random, payload, 0)
      const engine = engineWithPayload(test.engine, { blobId: (rows[at] as PartBlob).blobId, payload: forged })
      const whole = await readTestObject(engine, {
        bucket,
        key,
        object,
        range: { start: at * 5 * MIB, end: body.length - 1 },
      })
      expect(whole.error, `${index}, ${name}`).not.toBeNull()
      expectNothingFalse(whole, body.subarray(at * 5 * MIB), `${index}, ${name}`)
    }
  })
})

describe('a part that was sent again', () => {
  it('is never what it was before, though version, number and data key are the same', async () => {
    const [first, second] = [randomBytes(200_000), randomBytes(200_000)]
    const { uploadId } = await startTestUpload(test.engine, { bucket, key: 'twice', parts: [first] })
    const upload = await getUpload(test.engine, { bucket, key: 'twice', uploadId })
    const [before] = (await listPartBlobs({ uploadId })) as [PartBlob]
    const part = { partNumber: 1, contentMd5: null, checksum: null }
    const { etag } = await writePart(test.engine, { bucket, upload, ...part, body: bodyOf(second) })
    const [now] = (await listPartBlobs({ uploadId })) as [PartBlob]
    const claims = { checksum: null, checksumType: null, objectSize: null, precondition: null }
    const parts = [{ partNumber: 1, etag, checksums: new Map() }]
    await completeUpload(test.engine, { bucket, key: 'twice', uploadId, parts, ...claims })
    const forged = engineWithPayload(test.engine, { blobId: now.blobId, payload: await readPayload(before) })
    expect(await readTestObject(forged, { bucket, key: 'twice' })).toEqual({
      bytes: Buffer.alloc(0),
      error: expect.anything(),
    })
    expect((await readTestObject(test.engine, { bucket, key: 'twice' })).bytes.equals(second)).toBe(true)
  })
})

interface PartBlob {
  blobId: string
  locator: string
  storedSize: number
}

function listPartBlobs({ uploadId }: Pick<ObjectVersion, 'uploadId'>): Promise<PartBlob[]> {
  return test.engine.db.query({
    name: 'list-part-blobs',
    text: `select f.blob_id as "blobId", f.locator, f.stored_size::float8 as "storedSize" from parts p join blobs f on f.blob_id = p.blob_id where p.upload_id = $1 order by p.part_number`,
    values: [uploadId],
  })
}

async function readPayload({ blobId, locator, storedSize }: PartBlob): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (let offset = 0; offset < storedSize; offset += MIB) {
    const range = { offset, length: Math.min(MIB, storedSize - offset) }
    pieces.push(Buffer.from(await test.engine.blobs.read({ blobId, locator }, range)))
  }
  return Buffer.concat(pieces)
}

import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CorruptBlobError } from '#storage-engine/blobs/blob-errors.ts'
import type { BlobStore } from '#storage-engine/blobs/blob-store.ts'
import { FLOE_HEADER_BYTES, SEALED_SEGMENT_BYTES } from '#storage-engine/crypto/floe.ts'
import { plainSizeOf } from '#storage-engine/crypto/floe-frame.ts'
import type { Engine } from '#storage-engine/engine.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { findTestObject, putTestObject, putTestParts, readTestObject } from '#storage-engine/testing/test-objects.ts'

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

/** Mulberry32: the cases are the same in every run. */
function createRandom(seed: number) {
  let state = seed
  function next(): number {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    below: (end: number) => Math.floor(next() * end),
    pick: <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T,
  }
}
type Random = ReturnType<typeof createRandom>

/** A node whose owner can write, with checksums and all: it gives these bytes for the blob. */
function engineWith(blobId: string, payload: Buffer): Engine {
  const blobs: BlobStore = {
    ...test.engine.blobs,
    read(blob, range, scratch) {
      if (blob.blobId !== blobId) return test.engine.blobs.read(blob, range, scratch)
      if (blob.size !== payload.length)
        throw new CorruptBlobError('mismatch', { nodeId: 'forged', locator: blob.locator })
      return Buffer.from(payload.subarray(range.offset, range.offset + range.length))
    },
  }
  return { ...test.engine, blobs }
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

/** Nothing but what was stored may come, from its beginning, and unless all of it comes there is an error. */
function expectNothingFalse(read: { bytes: Buffer; error: unknown }, authentic: Buffer, about: string): void {
  const isPrefix = read.bytes.length <= authentic.length && read.bytes.equals(authentic.subarray(0, read.bytes.length))
  if (!isPrefix) throw new Error(`${about}: false bytes were given out`)
  if (read.error === null && read.bytes.length !== authentic.length) throw new Error(`${about}: a short read went well`)
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
      const engine = engineWith(blobId, forged)
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
      const engine = engineWith((rows[at] as PartBlob).blobId, forged)
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

interface PartBlob {
  blobId: string
  locator: string
  storedSize: number
}

function listPartBlobs({ uploadId }: ObjectVersion): Promise<PartBlob[]> {
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

const TABLES = ['object_versions', 'blobs', 'parts', 'namespace_keys']

/** Changes rows as whoever can write to Postgres could, reads, and puts them back. */
async function readAfter(statement: string, values: unknown[], read: () => Promise<void>): Promise<void> {
  await run(TABLES.map((table) => `create unlogged table kept_${table} as table ${table}`).join(';'))
  try {
    await run(statement, values)
    test.engine.keyring.forgetKeys()
    await read()
  } finally {
    const restore = (table: string) =>
      `delete from ${table}; insert into ${table} select * from kept_${table}; drop table kept_${table}`
    await run(TABLES.map(restore).join(';'))
    test.engine.keyring.forgetKeys()
  }
}

const run = (text: string, values?: unknown[]) => test.engine.db.pool.query(text, values)

describe('rows in Postgres', () => {
  const ofVersion = `where version_id = $1`
  const ofBlob = `where blob_id = (select blob_id from object_versions where version_id = $1)`
  const toOther = (column: string, which: number) =>
    `set ${column} = (select ${column} from object_versions where version_id = '${others.get(200_000)?.[which]?.object.versionId}')`
  const downgrade = `with v as (update object_versions o set size = f.stored_size, sealed_size = 0, wrapped_data_key = null, namespace_key_version = null
      from blobs f where f.blob_id = o.blob_id and o.version_id = $1)
    update blobs set cipher = 0, size = stored_size ${ofBlob}`

  /** Each as a statement about the version $1. */
  const lies: [name: string, statement: () => string][] = [
    ...[0, 1, 65_536, 199_999, 200_001, 200_000 + 65_536].flatMap((size): [string, () => string][] => [
      [`the version has ${size} bytes`, () => `update object_versions set size = ${size} ${ofVersion}`],
      [`the blob has ${size} bytes`, () => `update blobs set size = ${size} ${ofBlob}`],
      [
        `both have ${size} bytes`,
        () =>
          `with v as (update object_versions set size = ${size}, sealed_size = ${size} ${ofVersion}) update blobs set size = ${size} ${ofBlob}`,
      ],
      [
        `everything has ${size} bytes`,
        () => `with v as (update object_versions set size = ${size}, sealed_size = ${size} ${ofVersion})
          update blobs set size = ${size}, stored_size = 74 + ${size} + 32 * greatest(1, ceil(${size} / 65536.0)::integer) ${ofBlob}`,
      ],
    ]),
    ['the stored size is another', () => `update blobs set stored_size = stored_size - 1 ${ofBlob}`],
    ['nothing is sealed', () => `update object_versions set sealed_size = 0 ${ofVersion}`],
    ['the blob is plain', () => `update blobs set cipher = 0 ${ofBlob}`],
    ['the blob has an unknown cipher', () => `update blobs set cipher = 2 ${ofBlob}`],
    [
      'blob and version are plain',
      () => `with v as (update object_versions set sealed_size = 0 ${ofVersion}) update blobs set cipher = 0 ${ofBlob}`,
    ],
    ['everything says that it is plain', () => downgrade],
    [
      'there is no data key',
      () => `update object_versions set wrapped_data_key = null, namespace_key_version = null ${ofVersion}`,
    ],
    ['the namespace key is another version', () => `update object_versions set namespace_key_version = 2 ${ofVersion}`],
    ['the version has another id', () => `update object_versions set version_id = '${randomUUID()}' ${ofVersion}`],
    [
      'the blob lies where another one does',
      () =>
        `update blobs set locator = (select locator from blobs where blob_id = '${others.get(200_000)?.[1]?.object.blob?.blobId}') ${ofBlob}`,
    ],
    ...[1, 2].flatMap((which): [string, () => string][] => [
      [
        `the blob of another object (${which})`,
        () => `update object_versions ${toOther('blob_id', which)} ${ofVersion}`,
      ],
      [
        `the data key of another object (${which})`,
        () => `update object_versions ${toOther('wrapped_data_key', which)} ${ofVersion}`,
      ],
      [
        `blob and data key of another object (${which})`,
        () =>
          `update object_versions ${toOther('blob_id', which)}, ${toOther('wrapped_data_key', which).slice(4)} ${ofVersion}`,
      ],
    ]),
    [
      'the blob that the key held before',
      () => `update object_versions set blob_id = '${others.get(200_000)?.[0]?.object.blob?.blobId}' ${ofVersion}`,
    ],
    [
      'the namespace has the key of another one',
      () => `update namespace_keys k set wrapped_key = o.wrapped_key, token_id = o.token_id from namespace_keys o
        where $1::uuid is not null and o.namespace_id = '${others.get(200_000)?.[2]?.bucket.namespaceId}'`,
    ],
    [
      'the namespace key is damaged',
      () =>
        `update namespace_keys set wrapped_key = set_byte(wrapped_key, 60, 1 + get_byte(wrapped_key, 60) % 255) where $1::uuid is not null`,
    ],
  ]

  it.each(lies)('that say "%s" give an error and no byte', async (_name, statement) => {
    const { object, key } = stored.get(200_000) as Stored
    await readAfter(statement(), [object.versionId], async () => {
      for (const range of [null, { start: 0, end: 0 }, { start: 70_000, end: 150_000 }]) {
        const { bytes, error } = await readTestObject(test.engine, { bucket, key, range })
        expect(error).not.toBeNull()
        expect(bytes).toHaveLength(0)
      }
    })
  })

  it('with any byte of the data key changed give an error and no byte', async () => {
    const { object, key } = stored.get(65_536) as Stored
    const record = object.wrappedDataKey as Buffer
    for (let at = 0; at < record.length; at++) {
      const wrappedDataKey = Buffer.from(record)
      wrappedDataKey[at] = (wrappedDataKey[at] as number) ^ (1 << (at % 8))
      const read = await readTestObject(test.engine, { bucket, key, object: { ...object, wrappedDataKey } })
      expect(read, `byte ${at}`).toEqual({ bytes: Buffer.alloc(0), error: expect.anything() })
    }
  })

  const swapped = (columns: string) => `
    update parts p set ${columns} from parts o where p.upload_id = $1 and o.upload_id = $1 and (p.part_number, o.part_number) in ((1, 2), (2, 1))`

  it.each([
    ['two parts have changed blobs', swapped('blob_id = o.blob_id')],
    ['two parts have changed places', swapped('start_offset = o.start_offset')],
    ['a part is shorter', 'update parts set size = size - 1 where upload_id = $1 and part_number = 1'],
    [
      'a part and its blob are shorter',
      `with p as (update parts set size = size - 1 where upload_id = $1 and part_number = 1 returning blob_id)
      update blobs f set size = f.size - 1 from p where f.blob_id = p.blob_id`,
    ],
    ['a part is not there', 'delete from parts where upload_id = $1 and part_number = 1'],
    [
      'a part comes twice',
      `with g as (delete from parts where upload_id = $1 and part_number = 2)
      insert into parts select upload_id, 4, blob_id, size, 5242880, etag, checksums, last_modified from parts where upload_id = $1 and part_number = 1`,
    ],
    [
      'the first part is plain',
      `update blobs f set cipher = 0 from parts p where p.blob_id = f.blob_id and p.upload_id = $1 and p.part_number = 1`,
    ],
    [
      'the object is shorter',
      'update object_versions set size = size - 1, sealed_size = sealed_size - 1 where version_id = $1',
    ],
  ])('that say "%s" give an error, and no byte from there on', async (_name, statement) => {
    const { object, key, body } = parts
    await readAfter(statement, [object.versionId], async () => {
      for (const range of [null, { start: 5 * MIB - 1, end: 10 * MIB }]) {
        const read = await readTestObject(test.engine, { bucket, key, range })
        expect(read.error).not.toBeNull()
        expectNothingFalse(read, range === null ? body : body.subarray(range.start, range.end + 1), 'parts')
      }
    })
  })

  it('are as they were after all of this', async () => {
    for (const { key, body } of stored.values()) {
      const read = await readTestObject(test.engine, { bucket, key })
      expect(read.error).toBeNull()
      expect(read.bytes.equals(body)).toBe(true)
    }
    expect((await readTestObject(test.engine, parts)).bytes.equals(parts.body)).toBe(true)
  })
})

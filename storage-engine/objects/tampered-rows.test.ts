import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { engineWithForgedHeaders, expectNothingFalse, readAfter } from '#storage-engine/testing/tampering.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { findTestObject, putTestObject, putTestParts, readTestObject } from '#storage-engine/testing/test-objects.ts'

const MIB = 1024 ** 2
const SIZE = 200_000
const RANGES = [null, { start: 0, end: 0 }, { start: 70_000, end: 150_000 }]
/** In the name of a lie that a forged header would make true. */
const ONLY_HEADERS = ' plain'

interface Stored {
  body: Buffer
  object: ObjectVersion
}

let test: TestEngine
let bucket: Bucket
let own: Stored
/** What the key held before, another object, an object of another namespace, and another that shares the data key. */
let others: (Stored & { bucket: Bucket })[]
let parts: Stored

beforeAll(async () => {
  test = await startTestEngine()
  bucket = await createTestBucketIn(test.engine)
  const elsewhere = await createTestBucketIn(test.engine)
  others = [await put(bucket, 'key')]
  own = await put(bucket, 'key')
  const neighbour = await put(bucket, 'neighbour')
  expect(neighbour.object.wrappedDataKey).toEqual(own.object.wrappedDataKey)
  test.engine.keyring.forgetKeys()
  others.push(await put(bucket, 'other'), await put(elsewhere, 'key'), neighbour)
  const bodies = [randomBytes(5 * MIB), randomBytes(5 * MIB), randomBytes(5 * MIB)]
  await putTestParts(test.engine, { bucket, key: 'parts', parts: bodies })
  parts = { body: Buffer.concat(bodies), object: await findTestObject(test.engine, { bucket, key: 'parts' }) }
})
afterAll(() => test.stop())

async function put(into: Bucket, key: string): Promise<Stored & { bucket: Bucket }> {
  const body = randomBytes(SIZE)
  await putTestObject(test.engine, { bucket: into, key, body })
  return { bucket: into, body, object: await findTestObject(test.engine, { bucket: into, key }) }
}

describe('rows in Postgres', () => {
  const ofVersion = `where version_id = $1`
  const ofBlob = `where blob_id = (select blob_id from object_versions where version_id = $1)`
  const toOther = (column: string, which: number) =>
    `set ${column} = (select ${column} from object_versions where version_id = '${others[which]?.object.versionId}')`
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
        `update blobs set locator = (select locator from blobs where blob_id = '${others[1]?.object.blob?.blobId}') ${ofBlob}`,
    ],
    ...[1, 2, 3].map((which): [string, () => string] => [
      `the blob of another object (${which})`,
      () => `update object_versions ${toOther('blob_id', which)} ${ofVersion}`,
    ]),
    ...[1, 2].flatMap((which): [string, () => string][] => [
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
      () => `update object_versions set blob_id = '${others[0]?.object.blob?.blobId}' ${ofVersion}`,
    ],
    [
      'the namespace has the key of another one',
      () => `update namespace_keys k set wrapped_key = o.wrapped_key, token_id = o.token_id from namespace_keys o
        where $1::uuid is not null and o.namespace_id = '${others[2]?.bucket.namespaceId}'`,
    ],
    [
      'the namespace key is damaged',
      () =>
        `update namespace_keys set wrapped_key = set_byte(wrapped_key, 60, 1 + get_byte(wrapped_key, 60) % 255) where $1::uuid is not null`,
    ],
  ]

  it.each(lies)('that say "%s" give an error and no byte', async (name, statement) => {
    const change = { statement: statement(), values: [own.object.versionId] }
    async function read(): Promise<void> {
      for (const range of RANGES) {
        const { bytes, error } = await readTestObject(test.engine, { bucket, key: 'key', range })
        expect(error).not.toBeNull()
        expect(bytes).toHaveLength(0)
      }
      if (!name.includes(ONLY_HEADERS)) await readForged('key', own.body, RANGES.slice(0, 2))
    }
    await readAfter(test.engine, { ...change, read })
  })

  /** Headers on the nodes that agree with whatever the rows say: then it is the cipher that nothing false comes through. */
  async function readForged(key: string, body: Buffer, ranges: typeof RANGES): Promise<void> {
    const forged = engineWithForgedHeaders(test.engine)
    for (const range of ranges) {
      const read = await readTestObject(forged, { bucket, key, range })
      if (range === null) expect(read.error).not.toBeNull()
      expectNothingFalse(read, range === null ? body : body.subarray(range.start, range.end + 1), key)
    }
  }

  it('with any byte of the data key changed give an error and no byte', async () => {
    const { object } = own
    const record = object.wrappedDataKey as Buffer
    for (let at = 0; at < record.length; at++) {
      const wrappedDataKey = Buffer.from(record)
      wrappedDataKey[at] = (wrappedDataKey[at] as number) ^ (1 << (at % 8))
      const read = await readTestObject(test.engine, { bucket, key: 'key', object: { ...object, wrappedDataKey } })
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
  ])('that say "%s" give an error, and no byte from there on', async (name, statement) => {
    const { object, body } = parts
    const ranges = [null, { start: 5 * MIB - 1, end: 10 * MIB }]
    async function read(): Promise<void> {
      for (const range of ranges) {
        const found = await readTestObject(test.engine, { bucket, key: 'parts', range })
        expect(found.error).not.toBeNull()
        expectNothingFalse(found, range === null ? body : body.subarray(range.start, range.end + 1), 'parts')
      }
      if (!name.includes(ONLY_HEADERS)) await readForged('parts', body, ranges)
    }
    await readAfter(test.engine, { statement, values: [object.versionId], read })
  })

  it('are as they were after all of this', async () => {
    for (const [key, { body }] of Object.entries({ key: own, parts })) {
      const read = await readTestObject(test.engine, { bucket, key })
      expect(read.error).toBeNull()
      expect(read.bytes.equals(body)).toBe(true)
    }
  })
})

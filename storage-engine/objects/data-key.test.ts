import { createSecretKey, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bodyOf } from '#storage-engine/body.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { WriteObjectInput } from '#storage-engine/objects/write-object.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { findTestObject, putTestObject, putTestParts } from '#storage-engine/testing/test-objects.ts'

let test: TestEngine
let bucket: Bucket

beforeAll(async () => {
  test = await startTestEngine()
  bucket = await createTestBucketIn(test.engine)
})
afterAll(() => test.stop())

async function wrappedKeyOf(key: string, into = bucket): Promise<string> {
  const { wrappedDataKey } = await findTestObject(test.engine, { bucket: into, key })
  return (wrappedDataKey as Buffer).toString('hex')
}

async function put(
  key: string,
  input: Partial<Omit<WriteObjectInput, 'body'>> & { body: Parameters<typeof putTestObject>[1]['body'] },
) {
  await putTestObject(test.engine, { bucket, key, ...input })
  return wrappedKeyOf(key, input.bucket)
}

it('is one for small objects of a bucket, and another in each bucket', async () => {
  const small = await put('empty', { body: Buffer.alloc(0) })
  expect(await put('small', { body: randomBytes(262_144) })).toBe(small)
  const other = await createTestBucketIn(test.engine)
  expect(await put('small', { body: randomBytes(100), bucket: other })).not.toBe(small)
})

it('is the own one of an object that is large, of unknown size, in parts, or has a second key', async () => {
  const customer = { kind: 'customer', key: createSecretKey(randomBytes(32)) } as const
  await putTestParts(test.engine, { bucket, key: 'parts', parts: [randomBytes(100)] })
  const keys = [
    await put('small', { body: randomBytes(10) }),
    await put('large', { body: randomBytes(262_145) }),
    await put('unknown', { body: { ...bodyOf(randomBytes(10)), declaredSize: null } }),
    await wrappedKeyOf('parts'),
    await put('customer', { body: randomBytes(10), encryption: customer }),
    await put('customer', { body: randomBytes(10), encryption: customer }),
  ]
  expect(new Set(keys).size).toBe(keys.length)
})

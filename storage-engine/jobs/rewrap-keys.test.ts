import { createSecretKey, randomBytes } from 'node:crypto'
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { Body } from '#storage-engine/body.ts'
import { bodyOf } from '#storage-engine/body.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { hasKeysToRewrap, rewrapKeys } from '#storage-engine/jobs/rewrap-keys.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { countDataKeys } from '#storage-engine/metadata/data-keys.ts'
import { findLastRewrap } from '#storage-engine/metadata/key-rewraps.ts'
import { listNamespaceKeys } from '#storage-engine/metadata/namespace-keys.ts'
import { createNamedKey } from '#storage-engine/namespaces/named-keys.ts'
import {
  destroyDeadTokens,
  retireNamespaceKey,
  rotateNamespaceKey,
  startKeyRewrap,
} from '#storage-engine/namespaces/namespace-keys.ts'
import { readNotice } from '#storage-engine/notice.ts'
import { completeUpload } from '#storage-engine/objects/complete-upload.ts'
import { readObject } from '#storage-engine/objects/read-object.ts'
import { getUpload, writePart } from '#storage-engine/objects/uploads.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { findTestObject, putTestObject, startTestUpload } from '#storage-engine/testing/test-objects.ts'

let setting: TestEngine
let engine: Engine
let bucket: Bucket
let namespaceId: string

beforeEach(async () => {
  setting ??= await startTestEngine()
  engine = setting.engine
  bucket = await createTestBucketIn(engine)
  namespaceId = bucket.namespaceId
})
afterAll(() => setting.stop())

const customerKey = createSecretKey(randomBytes(32))
const content = Buffer.from('what was written under the first version')
const fresh = async () => (await findBucket(engine.db, { name: bucket.name })) as Bucket
const stateOf = async (version: number) =>
  (await listNamespaceKeys(engine.db, { namespaceId })).find((key) => key.version === version)?.state
const counts = async () => Object.fromEntries(await countDataKeys(engine.db, { namespaceId }))
const rewrapAll = async () => {
  await startKeyRewrap(engine, { namespaceId, startedBy: 'somebody' })
  return rewrapKeys(engine, { signal: new AbortController().signal })
}

async function read(key: string, { by = engine, withKey = false } = {}): Promise<string> {
  const object = await findTestObject(by, { bucket, key })
  const input = { bucket, object, range: null, ...(withKey ? { customerKey } : {}) }
  const pieces: Buffer[] = []
  for await (const piece of readObject(by, input)) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString()
}

/** A body whose bytes come when the test says so; `begun` resolves once the write waits for them. */
function slowBody(): { body: Body; begun: Promise<void>; finish(): void } {
  let begin = () => {}
  let finish = () => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const drainTo: Body['drainTo'] = async (sink) => {
    begin()
    await finished
    await sink(content)
  }
  return {
    body: { declaredSize: content.length, givesChunksAway: false, trailingChecksums: new Map(), drainTo },
    begun,
    finish,
  }
}

test('rotates at once for new data, and wraps every kind of data key anew until the old version can be retired', async () => {
  await createNamedKey(engine, { namespaceId, name: 'invoices' })
  const kms = { kind: 'kms', reference: 'invoices', isBucketKeyEnabled: null, context: 'e30=' } as const
  await putTestObject(engine, { bucket, key: 'plain', body: content })
  await putTestObject(engine, { bucket, key: 'kms', body: content, encryption: kms })
  await putTestObject(engine, {
    bucket,
    key: 'customer',
    body: content,
    encryption: { kind: 'customer', key: customerKey },
  })
  const upload = await startTestUpload(engine, { bucket, key: 'parts', parts: [content] })
  const before = await findTestObject(engine, { bucket, key: 'kms' })

  expect(await rotateNamespaceKey(engine, { namespaceId })).toEqual({ version: 2 })
  await putTestObject(engine, { bucket: await fresh(), key: 'new', body: content })
  expect((await findTestObject(engine, { bucket, key: 'new' })).namespaceKeyVersion).toBe(2)
  expect(await counts()).toEqual({ 1: 5, 2: 1 })
  await expect(retireNamespaceKey(engine, { namespaceId, version: 1 })).rejects.toMatchObject({
    code: 'KeyIsInUse',
    extra: { Count: '5' },
  })

  await rewrapAll()
  expect(await hasKeysToRewrap(engine)).toBe(false)
  expect(await findLastRewrap(engine.db, { namespaceId })).toMatchObject({ state: 'done', doneCount: 5, totalCount: 5 })
  expect(await counts()).toEqual({ 2: 6 })
  const after = await findTestObject(engine, { bucket, key: 'kms' })
  expect(after).toMatchObject({ blob: before.blob, etag: before.etag, lastModified: before.lastModified })

  await retireNamespaceKey(engine, { namespaceId, version: 1 })
  await retireNamespaceKey(engine, { namespaceId, version: 1 })
  const other = await setting.open()
  for (const key of ['plain', 'kms', 'new']) expect(await read(key, { by: other })).toBe(content.toString())
  expect(await read('customer', { by: other, withKey: true })).toBe(content.toString())
  const parts = [{ partNumber: 1, etag: upload.etags[0] as string, checksums: new Map() }]
  const claims = { checksum: null, checksumType: null, objectSize: null, precondition: null }
  await completeUpload(other, { bucket, key: 'parts', uploadId: upload.uploadId, parts, ...claims })
  expect(await read('parts', { by: other })).toBe(content.toString())
  await other.close()
})

test('leaves nothing of a retired version, in the database or the keystore', async () => {
  await rotateNamespaceKey(engine, { namespaceId })
  const [first] = await listNamespaceKeys(engine.db, { namespaceId })
  const tokenId = first?.tokenId as string
  expect(await engine.keystore.read(tokenId)).not.toBeNull()
  await retireNamespaceKey(engine, { namespaceId, version: 1 })
  expect((await listNamespaceKeys(engine.db, { namespaceId }))[0]).toMatchObject({ state: 'retired', wrappedKey: null })
  expect(await engine.keystore.read(tokenId)).toBeNull()
})

test('removes the token that a process left which died while it retired a version', async () => {
  await rotateNamespaceKey(engine, { namespaceId })
  const tokenId = (await listNamespaceKeys(engine.db, { namespaceId }))[0]?.tokenId as string
  const record = (await engine.keystore.read(tokenId)) as Buffer
  await retireNamespaceKey(engine, { namespaceId, version: 1 })
  await engine.keystore.write(tokenId, record)
  expect(await destroyDeadTokens(engine)).toBe(1)
  expect(await engine.keystore.read(tokenId)).toBeNull()
  expect(await destroyDeadTokens(engine)).toBe(0)
})

test.each([null, { kind: 'customer', key: customerKey } as const])(
  'wraps the key of a write anew whose version was retired under way (%j)',
  async (encryption) => {
    const slow = slowBody()
    const write = putTestObject(engine, { bucket, key: 'slow', body: slow.body, ...(encryption && { encryption }) })
    await slow.begun
    await rotateNamespaceKey(engine, { namespaceId })
    await retireNamespaceKey(engine, { namespaceId, version: 1 })
    slow.finish()
    await write
    expect((await findTestObject(engine, { bucket, key: 'slow' })).namespaceKeyVersion).toBe(2)
    const other = await setting.open()
    expect(await read('slow', { by: other, withKey: encryption !== null })).toBe(content.toString())
    await other.close()
  },
)

test('opens no upload under a retired version, though the caller saw the bucket before', async () => {
  const off = await createTestBucketIn(engine, { encryptionMode: 'off' })
  const started = await startTestUpload(engine, { bucket: off, key: 'upload', parts: [] })
  const upload = await getUpload(engine, { bucket: off, key: 'upload', uploadId: started.uploadId })
  // As a gateway has them that looked before: a key cached, and a bucket of the first epoch.
  await engine.keyring.createDataKey({ namespaceId: off.namespaceId, bucketId: off.id, versionId: upload.id })
  const elsewhere = await setting.open()
  await rotateNamespaceKey(elsewhere, { namespaceId: off.namespaceId })
  await retireNamespaceKey(elsewhere, { namespaceId: off.namespaceId, version: 1 })
  await elsewhere.close()
  const sealing = { ...off, encryptionMode: 'on' } as Bucket
  const part = { partNumber: 1, body: bodyOf(content), contentMd5: null, checksum: null }
  await startTestUpload(engine, { bucket: sealing, key: 'other', parts: [] })
  await expect(writePart(engine, { bucket: sealing, upload, ...part })).resolves.toMatchObject({ sealed: true })
  expect(Object.fromEntries(await countDataKeys(engine.db, { namespaceId: off.namespaceId }))).toEqual({ 2: 2 })
})

test('refuses to retire the active version and one that there never was', async () => {
  await expect(retireNamespaceKey(engine, { namespaceId, version: 1 })).rejects.toMatchObject({ code: 'KeyIsInUse' })
  await expect(retireNamespaceKey(engine, { namespaceId, version: 9 })).rejects.toMatchObject({
    code: 'NoSuchKeyVersion',
  })
  expect(await stateOf(1)).toBe('active')
})

test('lets one of two rotations at once win', async () => {
  const results = await Promise.allSettled([1, 2].map(() => rotateNamespaceKey(engine, { namespaceId })))
  const won = results.filter(({ status }) => status === 'fulfilled').length
  const keys = await listNamespaceKeys(engine.db, { namespaceId })
  expect(keys.filter(({ state }) => state === 'active')).toHaveLength(1)
  expect(keys).toHaveLength(1 + won)
})

test('goes on where a stopped pass ended, past a damaged key, and says so', async () => {
  for (const key of ['a', 'b', 'c']) await putTestObject(engine, { bucket, key, body: content })
  await engine.db.query({
    name: 'damage-data-key',
    text: `update object_versions set wrapped_data_key = set_byte(wrapped_data_key, 60, 255 - get_byte(wrapped_data_key, 60)) where bucket_id = $1 and key = 'b'`,
    values: [bucket.id],
  })
  await rotateNamespaceKey(engine, { namespaceId })
  await startKeyRewrap(engine, { namespaceId, startedBy: 'somebody' })
  await expect(startKeyRewrap(engine, { namespaceId, startedBy: 'x' })).rejects.toMatchObject({
    code: 'KeysAreChanging',
  })
  await rewrapKeys(engine, { signal: AbortSignal.abort() })
  expect(await hasKeysToRewrap(engine)).toBe(true)
  await rewrapKeys(engine, { signal: new AbortController().signal })
  const ended = await findLastRewrap(engine.db, { namespaceId })
  expect(ended).toMatchObject({ state: 'failed', doneCount: 2 })
  expect(readNotice(ended?.message ?? null).notice).toEqual({ code: 'keys-unreadable', values: { count: 1 } })
  expect(await counts()).toEqual({ 1: 1, 2: 2 })
  expect(await read('c')).toBe(content.toString())
})

test('keeps a new version usable whose commit was not answered', async () => {
  const { db } = engine
  const transaction: typeof db.transaction = async (work) => {
    await db.transaction(work)
    throw new StorageError('ServiceUnavailable')
  }
  const cutOff = { ...engine, db: { ...db, transaction } }
  await expect(rotateNamespaceKey(cutOff, { namespaceId })).rejects.toMatchObject({ code: 'ServiceUnavailable' })
  expect(await stateOf(2)).toBe('active')
  await putTestObject(engine, { bucket: await fresh(), key: 'after', body: content })
  expect(await read('after')).toBe(content.toString())
})

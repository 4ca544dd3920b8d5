import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { verifyDocument } from '#storage-engine/crypto/signed-document.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { collectGarbage } from '#storage-engine/jobs/collect-garbage.ts'
import { hasNamespacesToShred, shredNamespaces } from '#storage-engine/jobs/shred-namespaces.ts'
import { findAuditBreak } from '#storage-engine/metadata/audit.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { listNamespaceKeys } from '#storage-engine/metadata/namespace-keys.ts'
import { beginDestruction, findShred, listDueShreds } from '#storage-engine/metadata/namespace-shreds.ts'
import { getNamespaceWithUsage } from '#storage-engine/metadata/namespaces.ts'
import { lockWriteTarget } from '#storage-engine/metadata/write-target.ts'
import { rotateNamespaceKey } from '#storage-engine/namespaces/namespace-keys.ts'
import { readObject } from '#storage-engine/objects/read-object.ts'
import {
  changeNamespaceKeys,
  getNamespaceKeys,
  getShredRecord,
  keepShreddedNamespace,
  scheduleNamespaceShred,
} from '#storage-engine/service/encryption-keys.ts'
import { ADMINISTRATOR } from '#storage-engine/testing/test-actors.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { findTestObject, putTestObject, startTestUpload } from '#storage-engine/testing/test-objects.ts'

let setting: TestEngine
let engine: Engine
let doomed: Bucket
let neighbour: Bucket

beforeAll(async () => {
  setting = await startTestEngine({ NODE_ENV: 'development' })
  engine = setting.engine
})
beforeEach(async () => {
  doomed = await createTestBucketIn(engine)
  neighbour = await createTestBucketIn(engine)
  for (const bucket of [doomed, neighbour])
    await putTestObject(engine, { bucket, key: 'a', body: Buffer.from('secret') })
})
afterAll(() => setting.stop())

const signal = new AbortController().signal
const fresh = async (bucket: Bucket) => (await findBucket(engine.db, { name: bucket.name })) as Bucket
const order = (bucket: Bucket, { days = 0, confirm = bucket.namespaceName } = {}) =>
  scheduleNamespaceShred(engine, ADMINISTRATOR, { namespace: bucket.namespaceName, days, confirm })
const tokensOf = async ({ namespaceId }: Bucket) =>
  (await listNamespaceKeys(engine.db, { namespaceId })).map(({ tokenId }) => tokenId as string)

async function read(by: Engine, bucket: Bucket, key = 'a'): Promise<string> {
  const object = await findTestObject(by, { bucket, key })
  const pieces: Buffer[] = []
  for await (const piece of readObject(by, { bucket, object, range: null })) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString()
}

test('makes a namespace unreadable for ever, for a restored database too, and leaves its neighbour alone', async () => {
  const { namespaceId } = doomed
  await rotateNamespaceKey(engine, { namespaceId })
  await putTestObject(engine, { bucket: await fresh(doomed), key: 'b', body: Buffer.from('another') })
  const backup = await setting.database.copy()
  const tokens = await tokensOf(doomed)
  expect(tokens).toHaveLength(2)

  await order(doomed)
  await shredNamespaces(engine, { signal })
  expect(await findShred(engine.db, { namespaceId })).toMatchObject({ state: 'done' })
  for (const tokenId of tokens) expect(await engine.keystore.read(tokenId)).toBeNull()

  // Last week's database, beside the nodes, the keystore and the root key of today.
  const restored = await setting.open({ DATABASE_URL: backup.connection.connectionString })
  for (const key of ['a', 'b']) {
    expect((await findTestObject(restored, { bucket: doomed, key })).size).toBeGreaterThan(0)
    await expect(read(restored, doomed, key)).rejects.toMatchObject({ code: 'AccessDenied' })
  }
  expect(await read(restored, neighbour)).toBe('secret')
  await restored.close()
  await backup.drop()
  expect(await read(engine, neighbour)).toBe('secret')
})

test('leaves a signed record of what was destroyed', async () => {
  const [tokenId] = await tokensOf(doomed)
  const asked = { namespace: doomed.namespaceName }
  await expect(getShredRecord(engine, ADMINISTRATOR, asked)).rejects.toMatchObject({ code: 'NoSuchRecord' })
  await order(doomed)
  await shredNamespaces(engine, { signal })
  const record = await getShredRecord(engine, ADMINISTRATOR, asked)
  expect(record).toMatchObject({
    format: 'sceau-destruction-1',
    clusterId: engine.clusterId,
    namespace: { id: doomed.namespaceId, name: doomed.namespaceName },
    scheduledBy: 'someone',
    keys: [{ version: 1, tokenId }],
    sealedBlobs: { count: 1, sizeBytes: 6 },
    plainBlobs: { count: 0, sizeBytes: 0 },
  })
  expect(verifyDocument(record)).toBe(true)
  expect(verifyDocument({ ...record, keys: [] })).toBe(false)
  expect(await findAuditBreak(engine.db, { namespaceId: doomed.namespaceId })).toBeNull()
})

test('takes no new data while it waits, lets everything be read, and can be taken back', async () => {
  const upload = await startTestUpload(engine, { bucket: doomed, key: 'u', parts: [] })
  await order(doomed, { days: 21 })
  const refused = { code: 'AccessDenied' }
  // As a gateway has the bucket that looked before, and one that looked after.
  for (const bucket of [doomed, await fresh(doomed)]) {
    await expect(putTestObject(engine, { bucket, key: 'new', body: Buffer.from('x') })).rejects.toMatchObject(refused)
    await expect(startTestUpload(engine, { bucket, key: 'new', parts: [] })).rejects.toMatchObject(refused)
  }
  expect(upload.uploadId).toBeTruthy()
  expect(await read(engine, await fresh(doomed))).toBe('secret')
  await shredNamespaces(engine, { signal })
  const asked = { namespace: doomed.namespaceName }
  expect((await getNamespaceKeys(engine, ADMINISTRATOR, asked)).shred).toMatchObject({ state: 'scheduled' })
  await expect(changeNamespaceKeys(engine, ADMINISTRATOR, { ...asked, action: 'rotate' })).rejects.toMatchObject(
    refused,
  )
  expect((await keepShreddedNamespace(engine, ADMINISTRATOR, asked)).shred).toBeNull()
  await putTestObject(engine, { bucket: await fresh(doomed), key: 'new', body: Buffer.from('x') })
  await expect(keepShreddedNamespace(engine, ADMINISTRATOR, asked)).rejects.toMatchObject({ code: 'KeysAreChanging' })
})

test('gives back the space of everything that was stored', async () => {
  await startTestUpload(engine, { bucket: doomed, key: 'open', parts: [Buffer.from('part')] })
  await order(doomed)
  expect(await hasNamespacesToShred(engine)).toBe(true)
  await shredNamespaces(engine, { signal })
  expect(await hasNamespacesToShred(engine)).toBe(false)
  expect(await getNamespaceWithUsage(engine.db, { id: doomed.namespaceId })).toMatchObject({
    objectCount: 0,
    sizeBytes: 0,
  })
  await collectGarbage(engine, { signal })
  const [left] = await engine.db.query<{ count: number }>({
    name: 'count-blobs-left',
    text: 'select count(*)::integer as count from blobs where namespace_id = $1',
    values: [doomed.namespaceId],
  })
  expect(left?.count).toBe(0)
})

test.each([
  [
    'locked in COMPLIANCE mode',
    { mode: 'COMPLIANCE', retainUntil: '2999-01-01T00:00:00.000Z' },
    { code: 'locked-until', values: { until: '2999-01-01T00:00:00.000Z' } },
  ],
  ['under a legal hold', { legalHold: true }, { code: 'legal-hold', values: { bucket: expect.any(String) } }],
])('is not ordered, and not done, while something is %s', async (_, lock, notice) => {
  const lockAll = (value: object | null) =>
    engine.db.query({
      name: 'lock-all',
      text: 'update object_versions set lock = $2 where bucket_id = $1',
      values: [doomed.id, value],
    })
  await lockAll(lock)
  await expect(order(doomed)).rejects.toMatchObject({ code: 'KeyIsInUse', notice })
  await lockAll({ mode: 'COMPLIANCE', retainUntil: '2001-01-01T00:00:00.000Z' })
  await order(doomed)
  await lockAll(lock)
  await shredNamespaces(engine, { signal })
  expect(await read(engine, await fresh(doomed))).toBe('secret')
  const { shred } = await getNamespaceKeys(engine, ADMINISTRATOR, { namespace: doomed.namespaceName })
  expect(shred).toMatchObject({ state: 'scheduled', message: expect.stringContaining('Objects in'), notice })
  await lockAll(null)
  await shredNamespaces(engine, { signal })
  expect(await findShred(engine.db, doomed)).toMatchObject({ state: 'done', message: null })
})

test('is finished by another process when the first one dies at the point of no return', async () => {
  await order(doomed)
  const tokens = await tokensOf(doomed)
  const due = (await listDueShreds(engine.db, { now: new Date() })).find(
    (each) => each.namespaceId === doomed.namespaceId,
  )
  await beginDestruction(engine.db, { id: due?.id as string, namespaceId: doomed.namespaceId, now: new Date() })
  const asked = { namespace: doomed.namespaceName }
  await expect(keepShreddedNamespace(engine, ADMINISTRATOR, asked)).rejects.toMatchObject({ code: 'KeysAreChanging' })
  expect(await engine.keystore.read(tokens[0] as string)).not.toBeNull()
  await shredNamespaces(engine, { signal })
  expect(await engine.keystore.read(tokens[0] as string)).toBeNull()
  expect(verifyDocument(await getShredRecord(engine, ADMINISTRATOR, asked))).toBe(true)
})

test('is for administrators, needs the exact name and some days, and is ordered once', async () => {
  const somebody = { ...ADMINISTRATOR, isAdministrator: false }
  const request = { namespace: doomed.namespaceName, days: 0, confirm: doomed.namespaceName }
  await expect(scheduleNamespaceShred(engine, somebody, request)).rejects.toMatchObject({ code: 'AccessDenied' })
  await expect(order(doomed, { confirm: 'other' })).rejects.toMatchObject({ code: 'ConfirmationMismatch' })
  await expect(order(doomed, { days: 91 })).rejects.toMatchObject({ code: 'InvalidArgument' })
  const missing = { ...request, namespace: 'missing', confirm: 'missing' }
  await expect(scheduleNamespaceShred(engine, ADMINISTRATOR, missing)).rejects.toMatchObject({
    code: 'NoSuchNamespace',
  })
  const production = { ...engine, config: { ...engine.config, mode: 'production' as const } }
  await expect(scheduleNamespaceShred(production, ADMINISTRATOR, { ...request, days: 6 })).rejects.toMatchObject({
    code: 'InvalidArgument',
  })
  await order(doomed, { days: 21 })
  await expect(order(doomed, { days: 21 })).rejects.toMatchObject({ code: 'KeysAreChanging' })
})

test('leaves no plain bytes on the nodes of what was never sealed', async () => {
  const bucket = await createTestBucketIn(engine, { encryptionMode: 'off' })
  await putTestObject(engine, { bucket, key: 'a', body: Buffer.from('plain bytes to look for') })
  const nodes = path.join(setting.directory, 'nodes')
  const holders = () =>
    fs
      .readdirSync(nodes, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .filter(({ parentPath, name }) =>
        fs.readFileSync(path.join(parentPath, name)).includes('plain bytes to look for'),
      )
  expect(holders()).toHaveLength(1)
  await order(bucket)
  await shredNamespaces(engine, { signal })
  await collectGarbage(engine, { signal })
  expect(holders()).toHaveLength(0)
})

test('lets writers go on while it waits for a lock to end', async () => {
  const { namespaceId, id: bucketId } = doomed
  await order(doomed)
  const [shred] = await listDueShreds(engine.db, { now: new Date() })
  await engine.db.query({
    name: 'hold-version',
    text: `update object_versions set lock = '{"legalHold": true}' where bucket_id = $1`,
    values: [bucketId],
  })
  const begun = await engine.db.transaction(async (tx) => {
    await lockWriteTarget(tx, { namespaceId, bucketId })
    return beginDestruction(engine.db, { id: shred?.id as string, namespaceId, now: new Date() })
  })
  expect(begun).toBe(false)
  expect(await findShred(engine.db, { namespaceId })).toMatchObject({ message: expect.stringContaining('legal-hold') })
  await keepShreddedNamespace(engine, ADMINISTRATOR, { namespace: doomed.namespaceName })
})

import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createBucket } from '#storage-engine/buckets/create-bucket.ts'
import { newId } from '#storage-engine/ids.ts'
import { type Activity, findActivity, insertActivity } from '#storage-engine/metadata/activities.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { listVersions } from '#storage-engine/metadata/listing-versions.ts'
import { measureSelection } from '#storage-engine/metadata/object-selections.ts'
import { findObject } from '#storage-engine/metadata/object-versions.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import { readNotice } from '#storage-engine/notice.ts'
import { createActivityRunner } from '#storage-engine/service/activity-runner.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { putTestObject } from '#storage-engine/testing/test-objects.ts'

let setting: TestEngine
let bucket: Bucket

beforeAll(async () => {
  setting = await startTestEngine()
  const { namespaceId, rootObjectUserId: ownerId } = await createNamespace(setting.engine, {
    name: 'acme',
    displayName: 'Acme',
    encryptionMode: 'off',
  })
  bucket = await createBucket(setting.engine, { namespaceId, ownerId, name: 'full', region: 'us-east-1' })
})
afterAll(() => setting.stop())

function write(key: string, into = bucket) {
  return putTestObject(setting.engine, { bucket: into, key, body: Buffer.from(key), ownerId: bucket.ownerId })
}

function startDeletion(input: Record<string, unknown>): Promise<Activity> {
  const { namespaceId } = bucket
  const activity = { id: newId(), namespaceId, kind: 'delete-objects', startedBy: null, totalCount: null, input }
  return insertActivity(setting.engine.db, activity)
}

const deletionOf = (prefixes: string[], keys: string[] = []) => ({
  bucketId: bucket.id,
  bucketName: bucket.name,
  keys,
  prefixes,
})
const find = ({ id }: Activity) => findActivity(setting.engine.db, { namespaceId: bucket.namespaceId, id })
const count = async (prefix: string) =>
  (await measureSelection(setting.engine.db, { bucketId: bucket.id, keys: [], prefixes: [prefix] })).objectCount

test('deletes more than one page under a prefix, nothing beside it, and says how many', async () => {
  await Promise.all(Array.from({ length: 1003 }, (_, index) => write(`many/${index}`)))
  await write('many0')
  await write('man')
  const runner = createActivityRunner(setting.engine)
  const activity = await startDeletion(deletionOf(['many/']))
  await runner.run(activity)
  expect(await find(activity)).toMatchObject({ state: 'done', doneCount: 1003, message: null })
  expect(await count('many/')).toBe(0)
  expect(await count('man')).toBe(2)
  await runner.stop()
})

test('takes over an activity whose process died, and finishes it', async () => {
  await write('orphan/1')
  const activity = await startDeletion(deletionOf(['orphan/']))
  await setting.engine.db.query({
    name: 'age-activity',
    text: `update activities set updated_at = now() - interval '61 seconds' where id = $1`,
    values: [activity.id],
  })
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const runner = createActivityRunner(setting.engine)
  await vi.advanceTimersByTimeAsync(30_000)
  vi.useRealTimers()
  await vi.waitFor(async () => expect(await find(activity)).toMatchObject({ state: 'done', doneCount: 1 }))
  expect(await count('orphan/')).toBe(0)
  await runner.stop()
})

test('leaves an activity alone that somebody is at work on', async () => {
  await write('busy/1')
  const activity = await startDeletion(deletionOf(['busy/']))
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const runner = createActivityRunner(setting.engine)
  await vi.advanceTimersByTimeAsync(30_000)
  vi.useRealTimers()
  await runner.stop()
  expect(await find(activity)).toMatchObject({ state: 'running', doneCount: 0 })
  expect(await count('busy/')).toBe(1)
})

test('says that it failed, without telling secrets', async () => {
  const runner = createActivityRunner(setting.engine)
  const activity = await startDeletion({ nonsense: true })
  await runner.run(activity)
  const failed = await find(activity)
  expect(failed?.state).toBe('failed')
  const values = { error: 'InternalError', text: 'An internal error ended it.' }
  expect(readNotice(failed?.message ?? null).notice).toEqual({ code: 'failed', values })
  await runner.stop()
})

test('does nothing to another bucket that has the name by now', async () => {
  await write('safe/1')
  const runner = createActivityRunner(setting.engine)
  const activity = await startDeletion({ ...deletionOf(['safe/']), bucketId: newId() })
  await runner.run(activity)
  expect(await find(activity)).toMatchObject({ state: 'done', doneCount: 0 })
  expect(await count('safe/')).toBe(1)
  await runner.stop()
})

test('stops at a page and stays resumable', async () => {
  await Promise.all(Array.from({ length: 1500 }, (_, index) => write(`stop/${index}`)))
  const runner = createActivityRunner(setting.engine)
  const activity = await startDeletion(deletionOf(['stop/']))
  const work = runner.run(activity)
  await runner.stop()
  await work
  expect(await find(activity)).toMatchObject({ state: 'running' })
  expect(await count('stop/')).toBeGreaterThan(0)
})

test('covers the objects of a versioned bucket with delete markers, and keeps their versions', async () => {
  const { namespaceId, ownerId } = bucket
  const kept = await createBucket(setting.engine, {
    namespaceId,
    ownerId,
    name: 'kept',
    region: 'us-east-1',
    versioning: 'enabled',
  })
  const { versionId } = await write('folder/a', kept)
  await write('b', kept)
  const runner = createActivityRunner(setting.engine)
  const input = { bucketId: kept.id, bucketName: kept.name, keys: ['b', 'missing'], prefixes: ['folder/'] }
  const activity = await startDeletion(input)
  await runner.run(activity)
  expect(await find(activity)).toMatchObject({ state: 'done', doneCount: 2 })
  const page = await listVersions(setting.engine.db, {
    bucketId: kept.id,
    prefix: '',
    delimiter: '',
    keyMarker: '',
    versionIdMarker: null,
    limit: 10,
  })
  const listed = page.entries.map((entry) => (entry.kind === 'prefix' ? entry.prefix : `${entry.kind} ${entry.key}`))
  expect(listed).toEqual(['delete-marker b', 'version b', 'delete-marker folder/a', 'version folder/a'])
  const old = await findObject(setting.engine.db, { bucketName: kept.name, key: 'folder/a', versionId })
  expect(old.object?.size).toBe('folder/a'.length)
  await runner.stop()
})

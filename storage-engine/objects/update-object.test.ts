import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { setBucketVersioning } from '#storage-engine/metadata/bucket-settings.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { findObject } from '#storage-engine/metadata/object-versions.ts'
import type { ObjectSettings, Tag } from '#storage-engine/object-settings.ts'
import { currentOf, deleteObjects } from '#storage-engine/objects/delete-objects.ts'
import { updateObjectLock, updateObjectSettings } from '#storage-engine/objects/update-object.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { putTestObject } from '#storage-engine/testing/test-objects.ts'

let testEngine: TestEngine
let engine: Engine
let bucket: Bucket

beforeAll(async () => {
  testEngine = await startTestEngine()
  engine = testEngine.engine
})
afterAll(() => testEngine.stop())

beforeEach(async () => {
  bucket = await createTestBucketIn(engine, { encryptionMode: 'off' })
})

async function write(settings: ObjectSettings | null = null): Promise<string> {
  const { versionId } = await putTestObject(engine, { bucket, key: 'k', body: Buffer.from('x'), settings })
  return versionId ?? 'null'
}

async function enableVersioning(): Promise<void> {
  await setBucketVersioning(engine.db, { bucketId: bucket.id, versioning: 'enabled' })
  bucket = (await findBucket(engine.db, { name: bucket.name })) as Bucket
}

const find = async (versionId?: string) =>
  (await findObject(engine.db, { bucketName: bucket.name, key: 'k', ...(versionId && { versionId }) })).object

const tag = (versionId: string, tags: readonly Tag[] | undefined) =>
  updateObjectSettings(engine, {
    bucket,
    key: 'k',
    versionId,
    change: (settings) => {
      const { tags: _, ...others } = settings ?? {}
      return tags === undefined ? others : { ...others, tags }
    },
  })

test('changes one setting and keeps the others, the bytes and the time', async () => {
  await write({ websiteRedirect: '/x' })
  const before = await find()
  await tag('null', [['a', '1']])
  expect(await find()).toEqual({ ...before, settings: { websiteRedirect: '/x', tags: [['a', '1']] } })
  await tag('null', undefined)
  expect(await find()).toEqual(before)
})

test('stores settings that are empty as none', async () => {
  await write()
  await tag('null', [['a', '1']])
  await tag('null', undefined)
  expect((await find())?.settings).toBeNull()
})

test('changes the version that is named, be it current, not current, or the null one', async () => {
  await write()
  await enableVersioning()
  const [older, newer] = [await write(), await write()]
  for (const versionId of [older, newer, 'null']) await tag(versionId, [['id', versionId]])
  for (const versionId of [older, newer, 'null']) {
    expect((await find(versionId))?.settings).toEqual({ tags: [['id', versionId]] })
  }
})

test('refuses a version that is not there, and a delete marker', async () => {
  await write()
  await enableVersioning()
  for (const versionId of ['01890000-0000-7000-8000-000000000000', 'nonsense']) {
    await expect(tag(versionId, [])).rejects.toMatchObject({ code: 'NoSuchVersion' })
  }
  const [deleted] = await deleteObjects(engine, { bucket, ownerId: bucket.ownerId, targets: [currentOf('k')] })
  const marker = deleted?.newDeleteMarker as string
  await expect(tag(marker, [])).rejects.toMatchObject({ code: 'MethodNotAllowed' })
})

test('a change that throws changes nothing, and shows the lock and the time of the database', async () => {
  await write()
  const retention = { mode: 'GOVERNANCE', retainUntil: '2090-01-01T00:00:00.000Z' } as const
  await updateObjectLock(engine, { bucket, key: 'k', versionId: 'null', change: () => retention })
  const seen: unknown[] = []
  const refused = updateObjectLock(engine, {
    bucket,
    key: 'k',
    versionId: 'null',
    change: (lock, now) => {
      seen.push(lock, now)
      throw new StorageError('AccessDenied')
    },
  })
  await expect(refused).rejects.toMatchObject({ code: 'AccessDenied' })
  expect(seen).toEqual([retention, expect.any(Date)])
  expect((await find())?.lock).toEqual(retention)
})

test('changes at the same time come one after the other: none is lost', async () => {
  await write()
  const names = Array.from({ length: 8 }, (_, index) => `k${index}`)
  const add = (name: string) =>
    updateObjectSettings(engine, {
      bucket,
      key: 'k',
      versionId: 'null',
      change: (settings) => ({ tags: [...(settings?.tags ?? []), [name, '']] }),
    })
  await Promise.all(names.map(add))
  expect((await find())?.settings?.tags?.map(([name]) => name).sort()).toEqual(names)
})

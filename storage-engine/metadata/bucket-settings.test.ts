import { describe, expect, it } from 'vitest'
import { newId } from '#storage-engine/ids.ts'
import { setBucketSetting, setBucketVersioning } from '#storage-engine/metadata/bucket-settings.ts'
import { type Bucket, findBucket, insertBucket } from '#storage-engine/metadata/buckets.ts'
import { closeDatabase, openDatabase } from '#storage-engine/metadata/database.ts'
import { findObject } from '#storage-engine/metadata/object-versions.ts'
import { openTestDatabase } from '#storage-engine/metadata/open-test-database.ts'
import { createTestBucket } from '#storage-engine/metadata/test-database.ts'

const { db, connection } = await openTestDatabase()

async function again({ name }: Bucket): Promise<Bucket> {
  return (await findBucket(db, { name })) as Bucket
}

describe('setBucketSetting', () => {
  it('sets, replaces and removes one setting and leaves the others', async () => {
    const bucket = await createTestBucket(db)
    expect(bucket.settings).toEqual({})
    await setBucketSetting(db, { bucketId: bucket.id, name: 'policy', value: '{"a": "\u001f"}' })
    await setBucketSetting(db, { bucketId: bucket.id, name: 'tags', value: [['a', '1']] })
    await setBucketSetting(db, { bucketId: bucket.id, name: 'tags', value: [['b', '2']] })
    expect((await again(bucket)).settings).toEqual({ policy: '{"a": "\u001f"}', tags: [['b', '2']] })
    await setBucketSetting(db, { bucketId: bucket.id, name: 'policy', value: null })
    expect((await again(bucket)).settings).toEqual({ tags: [['b', '2']] })
  })

  it('is seen by every look-up that starts afterwards, on every gateway', async () => {
    const bucket = await createTestBucket(db)
    const other = await openDatabase({ connection })
    for (let round = 0; round < 20; round++) {
      const value = [['round', String(round)]] as const
      await setBucketSetting(db, { bucketId: bucket.id, name: 'tags', value })
      const found = await Promise.all([
        findBucket(other, { name: bucket.name }),
        findObject(db, { bucketName: bucket.name, key: 'any' }).then((each) => each.bucket),
      ])
      for (const each of found) expect(each?.settings.tags).toEqual(value)
    }
    await closeDatabase(other)
  })

  it('keeps what two set at once', async () => {
    const bucket = await createTestBucket(db)
    await Promise.all([
      setBucketSetting(db, { bucketId: bucket.id, name: 'payer', value: 'Requester' }),
      setBucketSetting(db, { bucketId: bucket.id, name: 'accelerate', value: 'Enabled' }),
    ])
    expect((await again(bucket)).settings).toEqual({ payer: 'Requester', accelerate: 'Enabled' })
  })

  it('hands out settings that nobody can change by accident', async () => {
    const bucket = await createTestBucket(db)
    await setBucketSetting(db, { bucketId: bucket.id, name: 'tags', value: [['a', '1']] })
    const { tags } = (await again(bucket)).settings
    expect(Object.isFrozen(tags?.[0])).toBe(true)
  })

  it('refuses a bucket that is not there, and an object lock without versioning', async () => {
    const change = { name: 'objectLock', value: {} } as const
    await expect(setBucketSetting(db, { bucketId: newId(), ...change })).rejects.toMatchObject({ code: 'NoSuchBucket' })
    const bucket = await createTestBucket(db)
    await expect(setBucketSetting(db, { bucketId: bucket.id, ...change })).rejects.toMatchObject({
      code: 'InvalidBucketState',
    })
  })
})

describe('setBucketVersioning', () => {
  it('is part of what look-ups see', async () => {
    const bucket = await createTestBucket(db)
    await setBucketVersioning(db, { bucketId: bucket.id, versioning: 'enabled' })
    expect((await again(bucket)).versioning).toBe('enabled')
    await setBucketVersioning(db, { bucketId: bucket.id, versioning: 'suspended' })
    expect((await again(bucket)).versioning).toBe('suspended')
  })

  it('never suspends a bucket with object lock', async () => {
    const bucket = await createTestBucket(db)
    await setBucketVersioning(db, { bucketId: bucket.id, versioning: 'enabled' })
    await setBucketSetting(db, { bucketId: bucket.id, name: 'objectLock', value: {} })
    const suspended = setBucketVersioning(db, { bucketId: bucket.id, versioning: 'suspended' })
    await expect(suspended).rejects.toMatchObject({ code: 'InvalidBucketState' })
    expect((await again(bucket)).versioning).toBe('enabled')
  })

  it('refuses a bucket that is not there', async () => {
    const missing = setBucketVersioning(db, { bucketId: newId(), versioning: 'enabled' })
    await expect(missing).rejects.toMatchObject({ code: 'NoSuchBucket' })
  })
})

describe('insertBucket', () => {
  it('makes a bucket with settings and versioning from the start', async () => {
    const { namespaceId, ownerId } = await createTestBucket(db)
    const name = `locked-${newId()}`
    const settings = { objectLock: {} }
    await insertBucket(db, { id: newId(), namespaceId, ownerId, name, region: 'r', settings, versioning: 'enabled' })
    expect(await findBucket(db, { name })).toMatchObject({ settings, versioning: 'enabled' })
  })
})

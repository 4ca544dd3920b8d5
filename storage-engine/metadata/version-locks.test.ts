import { describe, expect, it } from 'vitest'
import type { ObjectLockConfiguration } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import { setBucketSetting, setBucketVersioning } from '#storage-engine/metadata/bucket-settings.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import type { CommitBlob } from '#storage-engine/metadata/commit-sql.ts'
import { deleteObject } from '#storage-engine/metadata/delete-objects.ts'
import { deleteVersions } from '#storage-engine/metadata/delete-versions.ts'
import { commitObject, findObject } from '#storage-engine/metadata/object-versions.ts'
import { openTestDatabase } from '#storage-engine/metadata/open-test-database.ts'
import { putPart } from '#storage-engine/metadata/parts.ts'
import { createTestBucket, testObject } from '#storage-engine/metadata/test-database.ts'
import { updateVersion } from '#storage-engine/metadata/update-version.ts'
import { completeUpload, insertUpload } from '#storage-engine/metadata/uploads.ts'
import type { ObjectLock } from '#storage-engine/object-settings.ts'

const { db } = await openTestDatabase()

const freshBucket = async (bucket: Bucket) => (await findBucket(db, { name: bucket.name })) as Bucket

async function put(bucket: Bucket, at: string): Promise<string> {
  const object = testObject(bucket, at)
  await commitObject(db, object)
  return object.versionId
}

async function complete(bucket: Bucket, at: string): Promise<void> {
  const uploadId = newId()
  const { ownerId } = bucket
  const upload = { id: uploadId, bucketId: bucket.id, key: at, initiatorId: ownerId, ownerId, contentType: 'a/b' }
  await insertUpload(db, upload)
  const blob = testObject(bucket, at).blob as CommitBlob
  await putPart(db, { bucket, uploadId, partNumber: 1, size: blob.size, etag: 'e', checksums: null, blob })
  const parts = [{ partNumber: 1, blobId: blob.blobId }]
  await completeUpload(db, {
    bucket,
    uploadId,
    etag: 'e-1',
    size: blob.size,
    checksum: null,
    parts,
    precondition: null,
  })
}

const remove = (bucket: Bucket, at: string) =>
  deleteObject(db, { bucket, key: at, ownerId: bucket.ownerId, condition: null })

describe('a locked version', () => {
  const now = Date.now()
  const later = new Date(now + 3_600_000).toISOString()
  const earlier = new Date(now - 3_600_000).toISOString()
  const outcome = async (lock: unknown, mayBypassGovernance: boolean) => {
    const bucket = await createTestBucket(db)
    await setBucketVersioning(db, { bucketId: bucket.id, versioning: 'enabled' })
    const object = testObject(bucket, 'k', { lock: lock as ObjectLock })
    const { versionId } = await commitObject(db, object)
    await put(await freshBucket(bucket), 'k')
    const versions = [{ key: 'k', versionId: versionId as string, mayBypassGovernance, condition: null }]
    const [answer] = await deleteVersions(db, { bucketId: bucket.id, versions })
    const { object: left } = await findObject(db, { bucketName: bucket.name, key: 'k', versionId })
    expect(left === null).toBe(answer?.outcome === 'deleted')
    return answer?.outcome
  }

  it.each([
    [{ legalHold: true }, 'locked', 'locked'],
    [{ legalHold: false }, 'deleted', 'deleted'],
    [{ mode: 'COMPLIANCE', retainUntil: later }, 'locked', 'locked'],
    [{ mode: 'COMPLIANCE', retainUntil: earlier }, 'deleted', 'deleted'],
    [{ mode: 'GOVERNANCE', retainUntil: later }, 'locked', 'deleted'],
    [{ mode: 'GOVERNANCE', retainUntil: later, legalHold: true }, 'locked', 'locked'],
    [{ mode: 'GOVERNANCE', retainUntil: 'soon' }, 'locked', 'locked'],
    [{ mode: 'GOVERNANCE' }, 'locked', 'locked'],
    [{ mode: 'NEW', retainUntil: earlier }, 'locked', 'locked'],
    [{ legalHold: 'ON' }, 'locked', 'locked'],
    [[later], 'locked', 'locked'],
    ['locked', 'locked', 'locked'],
  ])('with %j is %s, and with bypass %s', async (lock, plain, bypassing) => {
    expect([await outcome(lock, false), await outcome(lock, true)]).toEqual([plain, bypassing])
  })

  it('does not keep the others of a request from being deleted', async () => {
    const bucket = await createTestBucket(db)
    await setBucketVersioning(db, { bucketId: bucket.id, versioning: 'enabled' })
    const { versionId } = await commitObject(db, testObject(bucket, 'a', { lock: { legalHold: true } }))
    const other = await put(bucket, 'b')
    const versions = [
      { key: 'a', versionId: versionId as string, mayBypassGovernance: true, condition: null },
      { key: 'b', versionId: other, mayBypassGovernance: true, condition: null },
    ]
    const outcomes = await deleteVersions(db, { bucketId: bucket.id, versions })
    expect(outcomes.map((each) => each.outcome)).toEqual(['locked', 'deleted'])
  })

  it('may be covered by newer versions and by a delete marker', async () => {
    const bucket = await createTestBucket(db)
    await setBucketVersioning(db, { bucketId: bucket.id, versioning: 'enabled' })
    const { versionId } = await commitObject(db, testObject(bucket, 'a', { lock: { legalHold: true } }))
    await put(bucket, 'a')
    expect((await remove(bucket, 'a')).outcome).toBe('deleted')
    expect((await findObject(db, { bucketName: bucket.name, key: 'a', versionId })).object).not.toBeNull()
  })
})

describe('the default retention of a bucket', () => {
  async function lockedBucket(defaultRetention: ObjectLockConfiguration['defaultRetention'] | null): Promise<Bucket> {
    const bucket = await createTestBucket(db)
    await setBucketVersioning(db, { bucketId: bucket.id, versioning: 'enabled' })
    const value = defaultRetention ? { defaultRetention } : {}
    await setBucketSetting(db, { bucketId: bucket.id, name: 'objectLock', value })
    return bucket
  }
  const lockOf = async (bucket: Bucket, at: string) =>
    (await findObject(db, { bucketName: bucket.name, key: at })).object?.lock ?? null

  it.each([
    [{ mode: 'GOVERNANCE', days: 3 }, 3 * 86_400_000],
    [{ mode: 'COMPLIANCE', years: 2 }, 730 * 86_400_000],
  ] as const)('%j protects each new version, whatever its writer knew of the bucket', async (retention, ms) => {
    const bucket = await lockedBucket(retention)
    await put(bucket, 'put')
    await complete(bucket, 'completed')
    for (const at of ['put', 'completed']) {
      const lock = await lockOf(bucket, at)
      expect(lock?.mode).toBe(retention.mode)
      expect(lock?.retainUntil).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      // A leap day and the time that the test takes are within two days.
      expect(Math.abs(Date.parse(lock?.retainUntil ?? '') - Date.now() - ms)).toBeLessThan(2 * 86_400_000)
    }
    await remove(bucket, 'put')
    expect((await findObject(db, { bucketName: bucket.name, key: 'put' })).deleteMarker).not.toBeNull()
  })

  it('gives way to a retention of the version, and joins its legal hold', async () => {
    const bucket = await lockedBucket({ mode: 'GOVERNANCE', days: 1 })
    const own: ObjectLock = { mode: 'COMPLIANCE', retainUntil: '2050-01-01T00:00:00.000Z' }
    await commitObject(db, testObject(bucket, 'own', { lock: own }))
    await commitObject(db, testObject(bucket, 'held', { lock: { legalHold: true } }))
    expect(await lockOf(bucket, 'own')).toEqual(own)
    expect(await lockOf(bucket, 'held')).toMatchObject({ mode: 'GOVERNANCE', legalHold: true })
  })

  it('is none when the bucket has object lock without a default', async () => {
    const bucket = await lockedBucket(null)
    await put(bucket, 'k')
    expect(await lockOf(bucket, 'k')).toBeNull()
  })
})

describe('updateVersion', () => {
  it('changes one version, current or not, and leaves its time and the others alone', async () => {
    const bucket = await createTestBucket(db)
    await put(bucket, 'k')
    await setBucketVersioning(db, { bucketId: bucket.id, versioning: 'enabled' })
    const current = await put(await freshBucket(bucket), 'k')
    const find = async (versionId: string) =>
      (await findObject(db, { bucketName: bucket.name, key: 'k', versionId })).object
    const before = await find('null')
    const change = () => ({ lock: { legalHold: true }, settings: { tags: [['a', '1']] as const } })
    expect(await updateVersion(db, { bucketId: bucket.id, key: 'k', versionId: 'null', change })).toBe('null')
    expect(await find('null')).toEqual({ ...before, ...change() })
    expect((await find(current))?.settings).toBeNull()
    expect(await updateVersion(db, { bucketId: bucket.id, key: 'k', versionId: null, change })).toBe(current)
    expect((await find(current))?.lock).toEqual({ legalHold: true })
  })

  it('loses no change of many at once, while the version stops being current', async () => {
    const bucket = await createTestBucket(db)
    await setBucketVersioning(db, { bucketId: bucket.id, versioning: 'enabled' })
    const id = await put(await freshBucket(bucket), 'k')
    const append = (name: string) =>
      updateVersion(db, {
        bucketId: bucket.id,
        key: 'k',
        versionId: id,
        change: ({ lock, settings }) => ({ lock, settings: { tags: [...(settings?.tags ?? []), [name, '']] } }),
      })
    await Promise.all(Array.from({ length: 10 }, (_, turn) => [append(`t${turn}`), put(bucket, 'k')]).flat())
    const { object } = await findObject(db, { bucketName: bucket.name, key: 'k', versionId: id })
    expect(object?.settings?.tags?.map(([name]) => name).sort()).toEqual(
      Array.from({ length: 10 }, (_, turn) => `t${turn}`),
    )
  })

  it('undoes nothing half, and says what is not there', async () => {
    const bucket = await createTestBucket(db)
    await setBucketVersioning(db, { bucketId: bucket.id, versioning: 'enabled' })
    const first = await put(await freshBucket(bucket), 'k')
    const change = () => ({ lock: null, settings: null })
    const refuse = () => {
      throw new StorageError('InvalidRequest')
    }
    const input = { bucketId: bucket.id, key: 'k', versionId: null }
    await expect(updateVersion(db, { ...input, change: refuse })).rejects.toMatchObject({ code: 'InvalidRequest' })
    await remove(bucket, 'k')
    await expect(updateVersion(db, { ...input, change })).rejects.toMatchObject({ code: 'MethodNotAllowed' })
    expect(await updateVersion(db, { ...input, versionId: first, change })).toBe(first)
    for (const versionId of [newId(), 'null', 'nonsense']) {
      await expect(updateVersion(db, { ...input, versionId, change })).rejects.toMatchObject({ code: 'NoSuchVersion' })
    }
    await expect(updateVersion(db, { ...input, key: 'x', change })).rejects.toMatchObject({ code: 'NoSuchKey' })
  })
})

describe('guards of a worker that looked before', () => {
  it('delete only the very version that was seen', async () => {
    const bucket = await createTestBucket(db)
    const id = await put(bucket, 'k')
    const input = { bucket, key: 'k', ownerId: bucket.ownerId }
    const other = { ...input, condition: { storedVersionId: newId() } }
    expect(await deleteObject(db, other)).toEqual({ outcome: 'condition-failed' })
    expect(await deleteObject(db, { ...other, key: 'missing' })).toEqual({ outcome: 'condition-failed' })
    expect(await deleteObject(db, { ...input, condition: { storedVersionId: id } })).toMatchObject({
      outcome: 'deleted',
    })
  })

  it('delete a version only while it is noncurrent', async () => {
    const bucket = await createTestBucket(db)
    await setBucketVersioning(db, { bucketId: bucket.id, versioning: 'enabled' })
    const id = await put(bucket, 'k')
    const versions = [
      { key: 'k', versionId: id, mayBypassGovernance: false, condition: { isNoncurrent: true as const } },
    ]
    const [refused] = await deleteVersions(db, { bucketId: bucket.id, versions })
    await put(bucket, 'k')
    const [deleted] = await deleteVersions(db, { bucketId: bucket.id, versions })
    expect([refused?.outcome, deleted?.outcome]).toEqual(['condition-failed', 'deleted'])
  })
})

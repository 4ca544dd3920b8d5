import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { newId } from '#storage-engine/ids.ts'
import { deleteBucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { setEncryptionMode } from '#storage-engine/metadata/namespaces.ts'
import {
  type CommitObject,
  commitObject,
  EncryptionEpochChanged,
  findObject,
} from '#storage-engine/metadata/object-versions.ts'
import { openTestDatabase } from '#storage-engine/metadata/open-test-database.ts'
import { createBucketIn, createTestBucket, deleteKeys, testObject } from '#storage-engine/metadata/test-database.ts'
import { readUsage } from '#storage-engine/metadata/usage.ts'
import { lockWriteTarget } from '#storage-engine/metadata/write-target.ts'

const { db } = await openTestDatabase()

describe('commitObject and findObject', () => {
  it('gives back every field that was committed', async () => {
    const bucket = await createTestBucket(db)
    const object = testObject(bucket, 'a "quoted", \\back\\slashed {key} é🙂', {
      systemHeaders: { 'cache-control': 'no-cache' },
      userMetadata: { title: 'quote " and \\ and\nnewline' },
      checksum: { algorithm: 'CRC32C', type: 'FULL_OBJECT', value: 'yZRlqg==' },
      wrappedDataKey: randomBytes(40),
      namespaceKeyVersion: 3,
      lock: { legalHold: true },
      settings: { tags: [['a', '1']], storageClass: 'GLACIER' },
    })
    const { lastModified } = await commitObject(db, object)
    const found = await findObject(db, { bucketName: bucket.name, key: object.key })
    expect(found.bucket).toEqual(bucket)
    const { bucket: _, precondition: __, ...fields } = object
    expect(found.object).toEqual({
      ...fields,
      bucketId: bucket.id,
      isNull: true,
      sealedSize: 0,
      lastModified,
      uploadId: null,
      partCount: null,
    })
  })

  it('knows a bucket without the key, and neither without the bucket', async () => {
    const bucket = await createTestBucket(db)
    expect(await findObject(db, { bucketName: bucket.name, key: 'missing' })).toEqual({
      bucket,
      object: null,
      deleteMarker: null,
    })
    expect(await findObject(db, { bucketName: 'no-such-bucket', key: 'missing' })).toEqual({
      bucket: null,
      object: null,
      deleteMarker: null,
    })
    expect(await findObject(db, { bucketName: bucket.name, key: 'nul\0' })).toEqual({
      bucket: null,
      object: null,
      deleteMarker: null,
    })
  })

  it('replaces the current version, frees its blob once, and keeps usage exact', async () => {
    const bucket = await createTestBucket(db)
    const first = testObject(bucket, 'key', { size: 100 })
    const second = testObject(bucket, 'key', { size: 30 })
    const { lastModified: before } = await commitObject(db, first)
    const { lastModified: after } = await commitObject(db, second)
    expect(after.getTime()).toBeGreaterThanOrEqual(before.getTime())
    expect((await findObject(db, { bucketName: bucket.name, key: 'key' })).object?.blob?.blobId).toBe(
      second.blob?.blobId,
    )
    expect(await garbageAmong([first, second])).toEqual([first.blob?.blobId])
    expect(await readUsage(db, { bucketId: bucket.id })).toEqual({
      objectCount: 1,
      sizeBytes: 30,
      sealedCount: 0,
      sealedBytes: 0,
    })
  })

  it('counts what is sealed', async () => {
    const bucket = await createTestBucket(db, { encryptionMode: 'on' })
    await commitObject(db, testObject(bucket, 'a', { size: 100 }))
    await commitObject(db, testObject(bucket, 'b', { size: 5 }))
    expect(await readUsage(db, { bucketId: bucket.id })).toEqual({
      objectCount: 2,
      sizeBytes: 105,
      sealedCount: 2,
      sealedBytes: 105,
    })
    await deleteKeys(db, bucket, ['a'])
    expect(await readUsage(db, { bucketId: bucket.id })).toEqual({
      objectCount: 1,
      sizeBytes: 5,
      sealedCount: 1,
      sealedBytes: 5,
    })
  })

  it('never steps back in Last-Modified of a key', async () => {
    const bucket = await createTestBucket(db)
    const future = new Date(Date.now() + 3_600_000)
    await commitObject(db, testObject(bucket, 'key'))
    await db.query({
      name: 'set-future',
      text: 'update object_versions set last_modified = $2 where bucket_id = $1',
      values: [bucket.id, future],
    })
    expect(await commitObject(db, testObject(bucket, 'key'))).toMatchObject({ lastModified: future })
  })

  it('commits many at once, the same keys among them, with one winner a key and every loser freed', async () => {
    const bucket = await createTestBucket(db)
    const other = await createBucketIn(db, { namespaceId: bucket.namespaceId, ownerId: bucket.ownerId })
    const objects = Array.from({ length: 1_000 }, (_, index) =>
      testObject(index % 2 ? bucket : other, `key-${index % 37}`, { size: index }),
    )
    await Promise.all(objects.map((object) => commitObject(db, object)))
    const current = new Set<string>()
    let size = 0
    for (let index = 0; index < 37; index++) {
      for (const { name } of [bucket, other]) {
        const { object } = await findObject(db, { bucketName: name, key: `key-${index}` })
        current.add(object?.blob?.blobId as string)
        size += object?.size as number
      }
    }
    expect(current.size).toBe(74)
    expect(await garbageAmong(objects)).toHaveLength(1_000 - 74)
    const usages = await Promise.all([bucket, other].map(({ id }) => readUsage(db, { bucketId: id })))
    expect(usages.reduce((sum, usage) => sum + usage.objectCount, 0)).toBe(74)
    expect(usages.reduce((sum, usage) => sum + usage.sizeBytes, 0)).toBe(size)
  })

  it('survives commits and deletes of the same keys by many, in opposite orders', async () => {
    const bucket = await createTestBucket(db)
    const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`)
    const commits = keys.flatMap((key) => Array.from({ length: 5 }, () => testObject(bucket, key)))
    await Promise.all([
      ...commits.map((object) => commitObject(db, object)),
      ...Array.from({ length: 5 }, () => deleteKeys(db, bucket, keys.toReversed())),
    ])
    const left = await Promise.all(keys.map((key) => findObject(db, { bucketName: bucket.name, key })))
    const count = left.filter(({ object }) => object !== null).length
    expect((await readUsage(db, { bucketId: bucket.id })).objectCount).toBe(count)
    expect(await garbageAmong(commits)).toHaveLength(commits.length - count)
  })

  it('fails a row that Postgres refuses without failing the rows beside it', async () => {
    const bucket = await createTestBucket(db)
    const results = await Promise.allSettled([
      commitObject(db, testObject(bucket, 'good')),
      commitObject(db, testObject(bucket, 'nul \0 inside')),
      commitObject(db, testObject(bucket, 'x'.repeat(1_025))),
      commitObject(db, testObject(bucket, 'good too')),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: { code: 'InvalidArgument' } })
  })
})

describe('ENC-1 at the commit', () => {
  it('writes nothing of a row that was prepared under another epoch', async () => {
    const bucket = await createTestBucket(db)
    await setEncryptionMode(db, { namespaceId: bucket.namespaceId, mode: 'on' })
    const object = testObject(bucket, 'key')
    await expect(commitObject(db, object)).rejects.toBeInstanceOf(EncryptionEpochChanged)
    expect((await findObject(db, { bucketName: bucket.name, key: 'key' })).object).toBeNull()
    expect(await countBlobs([object])).toBe(0)
    expect((await readUsage(db, { bucketId: bucket.id })).objectCount).toBe(0)
  })

  it('refuses a plain blob in a namespace that seals, whatever epoch it claims', async () => {
    const bucket = await createTestBucket(db, { encryptionMode: 'on' })
    const plain = testObject({ ...bucket, encryptionMode: 'off' }, 'key')
    await expect(commitObject(db, plain)).rejects.toBeInstanceOf(EncryptionEpochChanged)
  })

  it('also refuses what was sealed before a switch to plain, so that every commit follows the newest mode', async () => {
    const bucket = await createTestBucket(db, { encryptionMode: 'on' })
    await setEncryptionMode(db, { namespaceId: bucket.namespaceId, mode: 'off' })
    await expect(commitObject(db, testObject(bucket, 'key'))).rejects.toBeInstanceOf(EncryptionEpochChanged)
  })

  it('waits for a switch that is under way, and then follows it', async () => {
    const bucket = await createTestBucket(db)
    let outcome: Promise<unknown> | undefined
    await db.transaction(async (tx) => {
      const text = `update namespaces set encryption_mode = 'on', encryption_epoch = encryption_epoch + 1 where id = $1`
      await tx.query({ name: 'switch-by-row-alone', text, values: [bucket.namespaceId] })
      outcome = commitObject(db, testObject(bucket, 'key')).catch((error: unknown) => error)
      await new Promise((resolve) => setTimeout(resolve, 100))
    })
    expect(await outcome).toBeInstanceOf(EncryptionEpochChanged)
  })

  it('lets a switch pass between writers who never leave a gap', async () => {
    const { id: bucketId, namespaceId } = await createTestBucket(db)
    const order: string[] = []
    let flip: Promise<unknown> | undefined
    let second: Promise<unknown> | undefined
    await db.transaction(async (first) => {
      await lockWriteTarget(first, { namespaceId, bucketId })
      flip = setEncryptionMode(db, { namespaceId, mode: 'on' }).then(() => order.push('switch'))
      await new Promise((resolve) => setTimeout(resolve, 100))
      second = db.transaction(async (tx) => {
        const { encryptionMode } = await lockWriteTarget(tx, { namespaceId, bucketId })
        order.push(`second writer: ${encryptionMode}`)
      })
      await new Promise((resolve) => setTimeout(resolve, 100))
      order.push('first writer')
    })
    await Promise.all([flip, second])
    expect(order).toEqual(expect.arrayContaining(['switch', 'second writer: on']))
    expect(order[0]).toBe('first writer')
  })

  it('lets no plain blob commit once the switch has answered, under steady load', async () => {
    const bucket = await createTestBucket(db)
    let isSwitched = false
    let isOver = false
    const late: unknown[] = []
    const writers = Array.from({ length: 64 }, async (_, writer) => {
      for (let turn = 0; !isOver; turn++) {
        const begunLate = isSwitched
        const outcome = await commitObject(db, testObject(bucket, `key-${writer}-${turn}`)).catch(
          (error: unknown) => error,
        )
        if (begunLate) late.push(outcome)
      }
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    await setEncryptionMode(db, { namespaceId: bucket.namespaceId, mode: 'on' })
    isSwitched = true
    const [atSwitch] = await db.query<{ count: number }>(countPlain(bucket.id))
    await new Promise((resolve) => setTimeout(resolve, 100))
    isOver = true
    await Promise.all(writers)
    expect(await db.query<{ count: number }>(countPlain(bucket.id))).toEqual([atSwitch])
    expect(atSwitch?.count).toBeGreaterThan(0)
    expect(late.length).toBeGreaterThan(0)
    for (const outcome of late) expect(outcome).toBeInstanceOf(EncryptionEpochChanged)
  })
})

describe('conditional writes', () => {
  it('lets exactly one of many `If-None-Match: *` win', async () => {
    const bucket = await createTestBucket(db)
    const objects = Array.from({ length: 20 }, () => testObject(bucket, 'key', { precondition: { ifNoneMatch: '*' } }))
    const results = await Promise.allSettled(objects.map((object) => commitObject(db, object)))
    const winners = objects.filter((_, index) => results[index]?.status === 'fulfilled')
    expect(winners).toHaveLength(1)
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'PreconditionFailed' })
    expect((await findObject(db, { bucketName: bucket.name, key: 'key' })).object?.etag).toBe(winners[0]?.etag)
    expect(await countBlobs(objects)).toBe(1)
    expect((await readUsage(db, { bucketId: bucket.id })).objectCount).toBe(1)
  })

  it('lets exactly one of many `If-Match` on the same etag win', async () => {
    const bucket = await createTestBucket(db)
    const first = testObject(bucket, 'key')
    await commitObject(db, first)
    const objects = Array.from({ length: 20 }, () =>
      testObject(bucket, 'key', { precondition: { ifMatch: first.etag } }),
    )
    const results = await Promise.allSettled(objects.map((object) => commitObject(db, object)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'PreconditionFailed' })
    expect(await countBlobs([first, ...objects])).toBe(2)
  })

  it('answers NoSuchKey to If-Match on a missing key, and accepts any etag for *', async () => {
    const bucket = await createTestBucket(db)
    await expect(commitObject(db, testObject(bucket, 'key', { precondition: { ifMatch: '*' } }))).rejects.toMatchObject(
      { code: 'NoSuchKey' },
    )
    await commitObject(db, testObject(bucket, 'key'))
    await expect(
      commitObject(db, testObject(bucket, 'key', { precondition: { ifMatch: '*' } })),
    ).resolves.toHaveProperty('lastModified')
  })

  it('also checks the epoch', async () => {
    const bucket = await createTestBucket(db)
    await setEncryptionMode(db, { namespaceId: bucket.namespaceId, mode: 'on' })
    const object = testObject(bucket, 'key', { precondition: { ifNoneMatch: '*' } })
    await expect(commitObject(db, object)).rejects.toBeInstanceOf(EncryptionEpochChanged)
  })
})

describe('deleteObject', () => {
  it('says which keys had an object, and deletes each once', async () => {
    const bucket = await createTestBucket(db)
    const object = testObject(bucket, 'there')
    await commitObject(db, object)
    expect(await deleteKeys(db, bucket, ['missing', 'there', 'nul\0'])).toEqual([false, true, false])
    expect(await deleteKeys(db, bucket, ['there'])).toEqual([false])
    expect((await findObject(db, { bucketName: bucket.name, key: 'there' })).object).toBeNull()
    expect(await garbageAmong([object])).toEqual([object.blob?.blobId])
    expect(await readUsage(db, { bucketId: bucket.id })).toEqual({
      objectCount: 0,
      sizeBytes: 0,
      sealedCount: 0,
      sealedBytes: 0,
    })
  })

  it('leaves the same key of another bucket alone', async () => {
    const bucket = await createTestBucket(db)
    const other = await createTestBucket(db)
    await commitObject(db, testObject(other, 'key'))
    await deleteKeys(db, bucket, ['key'])
    expect((await findObject(db, { bucketName: other.name, key: 'key' })).object).not.toBeNull()
  })
})

describe('DeleteBucket against commits', () => {
  it('never leaves an object in a bucket that is gone', async () => {
    for (let round = 0; round < 10; round++) {
      const bucket = await createTestBucket(db)
      const writes = Array.from({ length: 8 }, (_, index) => commitObject(db, testObject(bucket, `key-${index}`)))
      const removal = deleteBucket(db, { namespaceId: bucket.namespaceId, bucketId: bucket.id })
      const [removed, ...written] = await Promise.allSettled([removal, ...writes])
      const isGone = (await findBucket(db, { name: bucket.name })) === null
      expect(isGone).toBe(removed?.status === 'fulfilled')
      if (isGone)
        for (const write of written)
          expect(write).toMatchObject({ status: 'rejected', reason: { code: 'NoSuchBucket' } })
      else expect(removed).toMatchObject({ reason: { code: 'BucketNotEmpty' } })
    }
  })

  it('refuses a commit of another namespace into the bucket', async () => {
    const bucket = await createTestBucket(db)
    const stranger = await createTestBucket(db)
    const object = testObject({ ...bucket, namespaceId: stranger.namespaceId }, 'key')
    await expect(commitObject(db, object)).rejects.toMatchObject({ code: 'NoSuchBucket' })
    await expect(commitObject(db, testObject({ ...bucket, id: newId() }, 'key'))).rejects.toMatchObject({
      code: 'NoSuchBucket',
    })
  })
})

async function garbageAmong(objects: CommitObject[]): Promise<string[]> {
  const ids = objects.map(({ blob }) => blob?.blobId)
  const rows = await db.query<{ id: string }>({
    name: 'garbage-among',
    text: 'select blob_id as id from garbage_blobs where blob_id = any($1::uuid[])',
    values: [ids],
  })
  return rows.map(({ id }) => id)
}

async function countBlobs(objects: CommitObject[]): Promise<number> {
  const ids = objects.map(({ blob }) => blob?.blobId)
  const rows = await db.query({
    name: 'count-blobs',
    text: 'select blob_id from blobs where blob_id = any($1::uuid[])',
    values: [ids],
  })
  return rows.length
}

function countPlain(bucketId: string) {
  return {
    name: 'count-plain',
    text: 'select count(*)::integer as count from object_versions where bucket_id = $1',
    values: [bucketId],
  }
}

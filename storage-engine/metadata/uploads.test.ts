import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newId } from '#storage-engine/ids.ts'
import { type Bucket, deleteBucket } from '#storage-engine/metadata/buckets.ts'
import type { Precondition } from '#storage-engine/metadata/commit-alone.ts'
import type { CommitBlob } from '#storage-engine/metadata/commit-sql.ts'
import { expandGarbageUploads } from '#storage-engine/metadata/garbage.ts'
import { listUploads } from '#storage-engine/metadata/listing-uploads.ts'
import { setEncryptionMode } from '#storage-engine/metadata/namespaces.ts'
import { commitObject, EncryptionEpochChanged, findObject } from '#storage-engine/metadata/object-versions.ts'
import { openTestDatabase } from '#storage-engine/metadata/open-test-database.ts'
import {
  findPart,
  listParts,
  listPartsInRange,
  PartBlobReplaced,
  putPart,
  replacePartBlob,
} from '#storage-engine/metadata/parts.ts'
import { createBucketIn, createTestBucket, deleteKeys, testObject } from '#storage-engine/metadata/test-database.ts'
import {
  abortUpload,
  completeUpload,
  findUpload,
  insertUpload,
  listStaleUploads,
  setUploadDataKey,
} from '#storage-engine/metadata/uploads.ts'
import { readUsage } from '#storage-engine/metadata/usage.ts'
import { lockWriteTarget } from '#storage-engine/metadata/write-target.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'
import { untilWaiting } from '#storage-engine/testing/until-waiting.ts'

const { db } = await openTestDatabase()

async function open(bucket: Bucket, key = 'key'): Promise<string> {
  const id = newId()
  await insertUpload(db, {
    id,
    bucketId: bucket.id,
    key,
    initiatorId: bucket.ownerId,
    ownerId: bucket.ownerId,
    contentType: 'text/plain',
  })
  return id
}

function blobOf(size: number, cipher = 0): CommitBlob {
  const blobId = newId()
  return { blobId, locator: `test:${blobId}`, size, storedSize: size, cipher }
}

async function put(
  bucket: Bucket,
  uploadId: string,
  partNumber: number,
  { size = 10, cipher = 0 } = {},
): Promise<{ partNumber: number; blobId: string }> {
  const blob = blobOf(size, cipher)
  const etag = referenceMd5(blob.blobId).toString('hex')
  await putPart(db, { bucket, uploadId, partNumber, size, etag, checksums: { CRC32: 'AAAAAA==' }, blob })
  return { partNumber, blobId: blob.blobId }
}

function complete(
  bucket: Bucket,
  uploadId: string,
  parts: { partNumber: number; blobId: string }[],
  precondition: Precondition | null = null,
  size = parts.length * 10,
) {
  return completeUpload(db, {
    bucket,
    uploadId,
    etag: `etag-${parts.length}`,
    size,
    checksum: null,
    parts,
    precondition,
  })
}

async function garbage(): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>({
    name: 'all-garbage',
    text: 'select blob_id as id from garbage_blobs',
    values: [],
  })
  return new Set(rows.map(({ id }) => id))
}

describe('a multipart upload', () => {
  it('becomes the object of its chosen parts, and frees the others', async () => {
    const bucket = await createTestBucket(db)
    const uploadId = await open(bucket)
    const one = await put(bucket, uploadId, 1, { size: 5 })
    const two = await put(bucket, uploadId, 2, { size: 7 })
    const three = await put(bucket, uploadId, 3, { size: 11 })
    const { lastModified } = await complete(bucket, uploadId, [one, three], null, 16)
    const { object } = await findObject(db, { bucketName: bucket.name, key: 'key' })
    expect(object).toMatchObject({
      versionId: uploadId,
      uploadId,
      partCount: 2,
      size: 16,
      etag: 'etag-2',
      blob: null,
      lastModified,
    })
    const parts = await listParts(db, { uploadId, after: 0, limit: 10 })
    expect(parts.map(({ partNumber, size }) => [partNumber, size])).toEqual([
      [1, 5],
      [3, 11],
    ])
    expect(
      (await listPartsInRange(db, { uploadId, start: 5, end: 6, limit: 10 })).map(({ partNumber, offset }) => [
        partNumber,
        offset,
      ]),
    ).toEqual([[3, 5]])
    expect(
      (await listPartsInRange(db, { uploadId, start: 0, end: 16, limit: 10 })).map(({ offset }) => offset),
    ).toEqual([0, 5])
    expect(await findPart(db, { uploadId, partNumber: 3 })).toMatchObject({
      offset: 5,
      size: 11,
      checksums: { CRC32: 'AAAAAA==' },
    })
    expect(await findPart(db, { uploadId, partNumber: 2 })).toBeNull()
    expect(await garbage()).toContain(two.blobId)
    expect(await readUsage(db, { bucketId: bucket.id })).toMatchObject({ objectCount: 1, sizeBytes: 16 })
  })

  it('answers a retried Complete the same, and takes no other one', async () => {
    const bucket = await createTestBucket(db)
    const uploadId = await open(bucket)
    const parts = [await put(bucket, uploadId, 1), await put(bucket, uploadId, 2)]
    const first = await complete(bucket, uploadId, parts)
    expect(await complete(bucket, uploadId, parts)).toEqual(first)
    await expect(complete(bucket, uploadId, parts.slice(1))).rejects.toMatchObject({ code: 'NoSuchUpload' })
    expect((await readUsage(db, { bucketId: bucket.id })).objectCount).toBe(1)
  })

  it('is completed once by many at the same time, or aborted, never both', async () => {
    for (let round = 0; round < 5; round++) {
      const bucket = await createTestBucket(db)
      const uploadId = await open(bucket)
      const parts = [await put(bucket, uploadId, 1)]
      const completes = Array.from({ length: 4 }, () => complete(bucket, uploadId, parts))
      const abort = abortUpload(db, { bucketId: bucket.id, key: 'key', uploadId })
      const [aborted, ...completed] = await Promise.allSettled([abort, ...completes])
      const { object } = await findObject(db, { bucketName: bucket.name, key: 'key' })
      const isAborted = aborted?.status === 'fulfilled'
      expect(object === null).toBe(isAborted)
      for (const result of completed) expect(result.status).toBe(isAborted ? 'rejected' : 'fulfilled')
      expect((await readUsage(db, { bucketId: bucket.id })).objectCount).toBe(isAborted ? 0 : 1)
    }
  })

  it('takes the later part of a number and frees the earlier one', async () => {
    const bucket = await createTestBucket(db)
    const uploadId = await open(bucket)
    const earlier = await put(bucket, uploadId, 1, { size: 3 })
    const later = await put(bucket, uploadId, 1, { size: 4 })
    expect(await listParts(db, { uploadId, after: 0, limit: 10 })).toMatchObject([
      { partNumber: 1, size: 4, blob: { blobId: later.blobId } },
    ])
    expect(await garbage()).toContain(earlier.blobId)
    await expect(complete(bucket, uploadId, [earlier])).rejects.toBeInstanceOf(PartBlobReplaced)
    const missing = { partNumber: 9, blobId: newId() }
    await expect(complete(bucket, uploadId, [later, missing])).rejects.toBeInstanceOf(PartBlobReplaced)
    await expect(complete(bucket, uploadId, [later])).resolves.toHaveProperty('lastModified')
  })

  it('takes no part after its end', async () => {
    const bucket = await createTestBucket(db)
    const uploadId = await open(bucket)
    await abortUpload(db, { bucketId: bucket.id, key: 'key', uploadId })
    await expect(put(bucket, uploadId, 1)).rejects.toMatchObject({ code: 'NoSuchUpload' })
    await expect(abortUpload(db, { bucketId: bucket.id, key: 'key', uploadId })).rejects.toMatchObject({
      code: 'NoSuchUpload',
    })
    await expect(abortUpload(db, { bucketId: bucket.id, key: 'key', uploadId: 'nonsense' })).rejects.toMatchObject({
      code: 'NoSuchUpload',
    })
  })

  it('is found by its bucket and key only', async () => {
    const bucket = await createTestBucket(db)
    const uploadId = await open(bucket)
    expect(await findUpload(db, { bucketId: bucket.id, key: 'key', uploadId })).toMatchObject({
      id: uploadId,
      state: 'open',
    })
    expect(await findUpload(db, { bucketId: bucket.id, key: 'other', uploadId })).toBeNull()
    expect(await findUpload(db, { bucketId: newId(), key: 'key', uploadId })).toBeNull()
    expect(await findUpload(db, { bucketId: bucket.id, key: 'key', uploadId: "'; drop" })).toBeNull()
  })

  it('obeys conditions: one `If-None-Match: *` among Completes and PUTs of one key wins', async () => {
    const bucket = await createTestBucket(db)
    const uploads = await Promise.all(Array.from({ length: 4 }, () => open(bucket)))
    const parts = await Promise.all(uploads.map((uploadId) => put(bucket, uploadId, 1)))
    const results = await Promise.allSettled([
      ...uploads.map((uploadId, index) => complete(bucket, uploadId, [parts[index] as never], { ifNoneMatch: '*' })),
      ...Array.from({ length: 4 }, () =>
        commitObject(db, testObject(bucket, 'key', { precondition: { ifNoneMatch: '*' } })),
      ),
    ])
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'PreconditionFailed' })
    expect((await readUsage(db, { bucketId: bucket.id })).objectCount).toBe(1)
  })

  it('is garbage with all its parts once its object is replaced, but not before the grace', async () => {
    const bucket = await createTestBucket(db)
    const uploadId = await open(bucket)
    const parts = [await put(bucket, uploadId, 1), await put(bucket, uploadId, 2)]
    await complete(bucket, uploadId, parts)
    await commitObject(db, testObject(bucket, 'key'))
    expect(await expandGarbageUploads(db, { freedBefore: new Date(0), limit: 10 })).toBe(0)
    expect(await listParts(db, { uploadId, after: 0, limit: 10 })).toHaveLength(2)
    await expandGarbageUploads(db, { freedBefore: new Date(Date.now() + 60_000), limit: 1_000 })
    expect(await listParts(db, { uploadId, after: 0, limit: 10 })).toEqual([])
    const freed = await garbage()
    for (const { blobId } of parts) expect(freed).toContain(blobId)
    expect(await findUpload(db, { bucketId: bucket.id, key: 'key', uploadId })).toBeNull()
  })

  it('frees its parts also when the object is deleted', async () => {
    const bucket = await createTestBucket(db)
    const uploadId = await open(bucket)
    await complete(bucket, uploadId, [await put(bucket, uploadId, 1)])
    expect(await deleteKeys(db, bucket, ['key'])).toEqual([true])
    const rows = await db.query({
      name: 'is-garbage-upload',
      text: 'select 1 from garbage_uploads where upload_id = $1',
      values: [uploadId],
    })
    expect(rows).toHaveLength(1)
  })

  it('ends with its bucket, and none opens in a bucket that is gone', async () => {
    const bucket = await createTestBucket(db)
    const uploadId = await open(bucket)
    await deleteBucket(db, { namespaceId: bucket.namespaceId, bucketId: bucket.id })
    expect(await findUpload(db, { bucketId: bucket.id, key: 'key', uploadId })).toMatchObject({ state: 'aborted' })
    await expect(open(bucket)).rejects.toMatchObject({ code: 'NoSuchBucket' })
    await expect(put(bucket, uploadId, 1)).rejects.toMatchObject({ code: 'NoSuchBucket' })
  })
})

describe('ENC-1 of parts', () => {
  it('refuses parts and Completes prepared before the switch, and takes them sealed', async () => {
    const before = await createTestBucket(db)
    const uploadId = await open(before)
    const plain = await put(before, uploadId, 1)
    const { encryptionEpoch } = await setEncryptionMode(db, { namespaceId: before.namespaceId, mode: 'on' })
    const after: Bucket = { ...before, encryptionMode: 'on', encryptionEpoch }
    await expect(put(before, uploadId, 2)).rejects.toBeInstanceOf(EncryptionEpochChanged)
    await expect(put(after, uploadId, 2)).rejects.toBeInstanceOf(EncryptionEpochChanged)
    await expect(complete(before, uploadId, [plain])).rejects.toBeInstanceOf(EncryptionEpochChanged)
    await expect(complete(after, uploadId, [plain])).rejects.toBeInstanceOf(EncryptionEpochChanged)

    const dataKey = { wrappedDataKey: randomBytes(40), namespaceKeyVersion: 1 }
    await setUploadDataKey(db, { uploadId, ...dataKey })
    const sealed = blobOf(10, 1)
    const swap = { uploadId, partNumber: 1, namespaceId: before.namespaceId, from: plain.blobId }
    await replacePartBlob(db, { ...swap, blob: sealed })
    await expect(replacePartBlob(db, { ...swap, blob: blobOf(10, 1) })).rejects.toBeInstanceOf(PartBlobReplaced)
    await complete(after, uploadId, [{ partNumber: 1, blobId: sealed.blobId }])
    const { object } = await findObject(db, { bucketName: before.name, key: 'key' })
    expect(object).toMatchObject({ sealedSize: 10, ...dataKey })
    expect(await readUsage(db, { bucketId: before.id })).toMatchObject({ sealedCount: 1, sealedBytes: 10 })
    expect(await garbage()).toContain(plain.blobId)
  })

  it('keeps the first of several data keys', async () => {
    const bucket = await createTestBucket(db)
    const uploadId = await open(bucket)
    const keys = Array.from({ length: 5 }, (_, index) => ({
      wrappedDataKey: randomBytes(40),
      namespaceKeyVersion: index,
    }))
    const stored = await Promise.all(keys.map((key) => setUploadDataKey(db, { uploadId, ...key })))
    expect(new Set(stored.map(({ namespaceKeyVersion }) => namespaceKeyVersion)).size).toBe(1)
    expect(keys).toContainEqual(stored[0])
    await expect(
      setUploadDataKey(db, {
        uploadId: newId(),
        ...(keys[0] as never as { wrappedDataKey: Buffer; namespaceKeyVersion: number }),
      }),
    ).rejects.toMatchObject({ code: 'NoSuchUpload' })
  })
})

describe('listUploads', () => {
  const byBytes = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right))

  it('equals the naive listing for any keys, prefix, delimiter and page size', async () => {
    const namespace = await createTestBucket(db)
    const text = fc
      .array(fc.constantFrom('a', 'b', '/', 'é', '🙂', '\u{10ffff}', '\u0001'), { maxLength: 4 })
      .map((parts) => parts.join(''))
    const keys = fc.array(
      text.filter((key) => key !== ''),
      { maxLength: 8 },
    )
    const property = fc.asyncProperty(
      keys,
      text,
      fc.constantFrom('', '/', 'é', 'a/', '\u{10ffff}'),
      fc.integer({ min: 1, max: 4 }),
      async (keySet, prefix, delimiter, limit) => {
        const bucket = await createBucketIn(db, namespace)
        const uploads: [string, string][] = []
        for (const key of keySet) uploads.push([key, await open(bucket, key)])
        const expected = new Set<string>()
        for (const [key, id] of uploads.toSorted(
          (left, right) => byBytes(left[0], right[0]) || (left[1] < right[1] ? -1 : 1),
        )) {
          const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
          if (key.startsWith(prefix)) expected.add(cut < 0 ? `${key} ${id}` : key.slice(0, cut + delimiter.length))
        }
        const seen: string[] = []
        for (let keyMarker = '', uploadIdMarker = ''; ; ) {
          const page = await listUploads(db, {
            bucketId: bucket.id,
            prefix,
            delimiter,
            keyMarker,
            uploadIdMarker,
            limit,
          })
          seen.push(
            ...page.entries.map((entry) => (entry.kind === 'upload' ? `${entry.key} ${entry.uploadId}` : entry.prefix)),
          )
          if (!page.isTruncated) break
          keyMarker = page.nextKeyMarker as string
          uploadIdMarker = page.nextUploadIdMarker ?? ''
        }
        expect(seen).toEqual([...expected])
      },
    )
    await fc.assert(property, { numRuns: 40 })
  })

  it('goes on behind a key alone, shows no ended upload, and refuses a bad upload-id-marker', async () => {
    const bucket = await createTestBucket(db)
    const query = { bucketId: bucket.id, prefix: '', delimiter: '', keyMarker: '', uploadIdMarker: '', limit: 10 }
    await open(bucket, 'a')
    const b = await open(bucket, 'b')
    const c = await open(bucket, 'c')
    await abortUpload(db, { bucketId: bucket.id, key: 'c', uploadId: c })
    expect((await listUploads(db, { ...query, keyMarker: 'a' })).entries).toMatchObject([{ key: 'b', uploadId: b }])
    await expect(listUploads(db, { ...query, keyMarker: 'a', uploadIdMarker: 'x' })).rejects.toMatchObject({
      code: 'InvalidArgument',
    })
    await expect(listUploads(db, { ...query, limit: 1_001 })).rejects.toMatchObject({ code: 'InvalidArgument' })
    expect(await listUploads(db, { ...query, limit: 0 })).toMatchObject({ entries: [], isTruncated: false })
  })

  it('finds uploads that nobody ended, oldest first', async () => {
    const bucket = await createTestBucket(db)
    const id = await open(bucket, 'stale')
    const stale = await listStaleUploads(db, { before: new Date(Date.now() + 60_000), limit: 1_000 })
    expect(stale).toContainEqual({ id, bucketId: bucket.id, key: 'stale' })
    expect(await listStaleUploads(db, { before: new Date(Date.now() - 60_000), limit: 1_000 })).toEqual([])
  })
})

it('opens no upload past a switch of encryption that waits for its turn', async () => {
  const bucket = await createTestBucket(db)
  const { switched, opening, first } = await db.transaction(async (tx) => {
    await lockWriteTarget(tx, { namespaceId: bucket.namespaceId, bucketId: bucket.id })
    const switched = setEncryptionMode(db, { namespaceId: bucket.namespaceId, mode: 'on' })
    await untilWaiting(db, 1)
    const opening = open(bucket)
    const first = await Promise.race([opening.then(() => 'opened'), untilWaiting(db, 2).then(() => 'waits')])
    return { switched, opening, first }
  })
  await Promise.all([switched, opening])
  expect(first).toBe('waits')
})

import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyOf, type ChecksumAlgorithm } from '#storage-engine/body.ts'
import { checksumOf, compositeChecksum } from '#storage-engine/crypto/checksums.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { setEncryptionMode } from '#storage-engine/metadata/namespaces.ts'
import { findObject } from '#storage-engine/metadata/object-versions.ts'
import { findPart, replacePartBlob, type StoredPart } from '#storage-engine/metadata/parts.ts'
import { abortUpload } from '#storage-engine/metadata/uploads.ts'
import { type CompleteUploadInput, completeUpload, PART_BYTES_MIN } from '#storage-engine/objects/complete-upload.ts'
import { isSealed, readObject } from '#storage-engine/objects/read-object.ts'
import { rewriteBlob } from '#storage-engine/objects/rewrite-blob.ts'
import {
  copyPart,
  createUpload,
  getUpload,
  uploadKey,
  type WrittenPart,
  writePart,
} from '#storage-engine/objects/uploads.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { findTestObject, putTestObject } from '#storage-engine/testing/test-objects.ts'

let test: TestEngine
let engine: Engine
let bucket: Bucket

beforeAll(async () => {
  test = await startTestEngine()
  engine = test.engine
  bucket = await createTestBucketIn(engine)
})
afterAll(() => test.stop())

const DESCRIPTION = { contentType: 'video/mp4', systemHeaders: null, userMetadata: null }

type Algorithm = { algorithm: ChecksumAlgorithm; type: 'FULL_OBJECT' | 'COMPOSITE' }

function open(key: string, checksum: Algorithm | null = null, into = bucket) {
  return createUpload(engine, {
    ...DESCRIPTION,
    bucket: into,
    key,
    ownerId: into.ownerId,
    initiatorId: into.ownerId,
    checksum,
    settings: null,
    lock: null,
    encryption: { kind: 'default' } as const,
  })
}

async function put(
  key: string,
  uploadId: string,
  partNumber: number,
  content: Buffer,
  into = bucket,
): Promise<WrittenPart> {
  const upload = await getUpload(engine, { bucket: into, key, uploadId })
  return writePart(engine, {
    bucket: into,
    upload,
    partNumber,
    body: bodyOf(content),
    contentMd5: null,
    checksum: null,
  })
}

function completion(key: string, uploadId: string, parts: [number, string][]): CompleteUploadInput {
  const named = parts.map(([partNumber, etag]) => ({ partNumber, etag, checksums: new Map() }))
  return {
    bucket,
    key,
    uploadId,
    parts: named,
    checksum: null,
    checksumType: null,
    objectSize: null,
    precondition: null,
  }
}

async function read(from: Bucket, key: string, range: { start: number; end: number } | null = null): Promise<Buffer> {
  const { object } = await findObject(engine.db, { bucketName: from.name, key })
  if (object === null) throw new Error(`no object ${key}`)
  const chunks: Buffer[] = []
  for await (const chunk of readObject(engine, { bucket: from, object, range })) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const md5 = (content: Buffer) => referenceMd5(content)

describe('completing an upload', () => {
  const contents = [randomBytes(PART_BYTES_MIN), randomBytes(PART_BYTES_MIN + 1), randomBytes(77)]
  const whole = Buffer.concat(contents)

  it('makes the parts one object, in their order, with the ETag that AWS documents', async () => {
    const { uploadId, sealed } = await open('film')
    expect(sealed).toBe(true)
    const etags: string[] = []
    for (const [index, content] of [...contents.entries()].reverse()) {
      etags[index] = (await put('film', uploadId, (index + 1) * 10, content)).etag
    }
    const expected = `${md5(Buffer.concat(contents.map(md5))).toString('hex')}-3`
    const input = completion(
      'film',
      uploadId,
      etags.map((etag, index) => [(index + 1) * 10, etag]),
    )
    expect(await completeUpload(engine, { ...input, objectSize: whole.length })).toMatchObject({
      etag: expected,
      size: whole.length,
      sealed: true,
    })
    expect((await read(bucket, 'film')).equals(whole)).toBe(true)
    const range = { start: PART_BYTES_MIN - 3, end: 2 * PART_BYTES_MIN + 40 }
    expect((await read(bucket, 'film', range)).equals(whole.subarray(range.start, range.end + 1))).toBe(true)
    const again = await completeUpload(engine, input)
    expect(again.etag).toBe(expected)
  })

  it.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)(
    'combines %s of the parts into that of the whole',
    async (algorithm) => {
      const { uploadId } = await open(algorithm, { algorithm, type: 'FULL_OBJECT' })
      const first = await put(algorithm, uploadId, 1, contents[0] as Buffer)
      const second = await put(algorithm, uploadId, 2, contents[2] as Buffer)
      const value = checksumOf(algorithm, Buffer.concat([contents[0] as Buffer, contents[2] as Buffer]))
      const input = completion(algorithm, uploadId, [
        [1, first.etag],
        [2, second.etag],
      ])
      const wrong = { ...input, checksum: { algorithm, value: checksumOf(algorithm, Buffer.from('other')) } }
      await expect(completeUpload(engine, wrong)).rejects.toMatchObject({ code: 'BadDigest' })
      const done = await completeUpload(engine, {
        ...input,
        checksum: { algorithm, value },
        checksumType: 'FULL_OBJECT',
      })
      expect(done.checksum).toEqual({ algorithm, type: 'FULL_OBJECT', value })
    },
  )

  it('makes a composite checksum when the upload asked for one', async () => {
    const { uploadId } = await open('composite', { algorithm: 'SHA256', type: 'COMPOSITE' })
    const part = await put('composite', uploadId, 1, Buffer.from('x'))
    const done = await completeUpload(engine, completion('composite', uploadId, [[1, part.etag]]))
    const value = compositeChecksum('SHA256', [checksumOf('SHA256', Buffer.from('x'))])
    expect(done.checksum).toEqual({ algorithm: 'SHA256', type: 'COMPOSITE', value })
    expect(value).toMatch(/-1$/)
  })

  it('takes a part that is named twice as the one that was named last', async () => {
    const { uploadId } = await open('twice')
    const first = await put('twice', uploadId, 1, Buffer.from('first'))
    const second = await put('twice', uploadId, 1, Buffer.from('second!'))
    const parts: [number, string][] = [
      [1, first.etag],
      [1, second.etag],
    ]
    const done = await completeUpload(engine, completion('twice', uploadId, parts))
    expect([done.size, done.etag.endsWith('-1')]).toEqual([7, true])
  })

  it('refuses wrong order, missing and altered parts, and parts that are too small', async () => {
    const { uploadId } = await open('bad')
    const small = await put('bad', uploadId, 1, Buffer.from('small'))
    const last = await put('bad', uploadId, 2, Buffer.from('last'))
    const attempt = (...parts: [number, string][]) => completeUpload(engine, completion('bad', uploadId, parts))
    await expect(attempt([2, last.etag], [1, small.etag])).rejects.toMatchObject({ code: 'InvalidPartOrder' })
    await expect(attempt([1, small.etag], [1, last.etag])).rejects.toMatchObject({ code: 'InvalidPart' })
    await expect(attempt([1, last.etag])).rejects.toMatchObject({ code: 'InvalidPart' })
    await expect(attempt([3, last.etag])).rejects.toMatchObject({ code: 'InvalidPart' })
    await expect(attempt([1, small.etag], [2, last.etag])).rejects.toMatchObject({ code: 'EntityTooSmall' })
    await expect(attempt()).rejects.toMatchObject({ code: 'MalformedXML' })
    const wrongSize = { ...completion('bad', uploadId, [[2, last.etag]]), objectSize: 5 }
    await expect(completeUpload(engine, wrongSize)).rejects.toMatchObject({ code: 'InvalidRequest' })
    expect((await attempt([2, last.etag])).size).toBe(4)
    expect((await read(bucket, 'bad')).toString()).toBe('last')
  })

  it('takes the newest part of a number', async () => {
    const { uploadId } = await open('twice')
    const first = await put('twice', uploadId, 1, Buffer.from('first'))
    const second = await put('twice', uploadId, 1, Buffer.from('second'))
    await expect(completeUpload(engine, completion('twice', uploadId, [[1, first.etag]]))).rejects.toMatchObject({
      code: 'InvalidPart',
    })
    await completeUpload(engine, completion('twice', uploadId, [[1, second.etag]]))
    expect((await read(bucket, 'twice')).toString()).toBe('second')
  })

  it('ends with NoSuchUpload after an abort, and an aborted upload takes no part', async () => {
    const { uploadId } = await open('aborted')
    const upload = await getUpload(engine, { bucket, key: 'aborted', uploadId })
    const part = await put('aborted', uploadId, 1, Buffer.from('x'))
    await abortUpload(engine.db, { bucketId: bucket.id, key: 'aborted', uploadId })
    const late = { bucket, upload, partNumber: 2, body: bodyOf(Buffer.from('y')), contentMd5: null, checksum: null }
    await expect(writePart(engine, late)).rejects.toMatchObject({ code: 'NoSuchUpload' })
    await expect(completeUpload(engine, completion('aborted', uploadId, [[1, part.etag]]))).rejects.toMatchObject({
      code: 'NoSuchUpload',
    })
    await expect(getUpload(engine, { bucket, key: 'aborted', uploadId })).rejects.toMatchObject({
      code: 'NoSuchUpload',
    })
  })

  it('copies a range of another object as a part', async () => {
    await putTestObject(engine, { bucket, key: 'source', body: whole })
    const object = await findTestObject(engine, { bucket, key: 'source' })
    const { uploadId } = await open('copied')
    const upload = await getUpload(engine, { bucket, key: 'copied', uploadId })
    const range = { start: 100, end: 70_000 }
    const part = await copyPart(engine, { bucket, upload, partNumber: 1, source: { bucket, object }, range })
    await completeUpload(engine, completion('copied', uploadId, [[1, part.etag]]))
    expect((await read(bucket, 'copied')).equals(whole.subarray(100, 70_001))).toBe(true)
  })

  it('goes along when a migration seals each of its parts before it', async () => {
    const plain = await createTestBucketIn(engine, { encryptionMode: 'off' })
    const { uploadId } = await open('raced', null, plain)
    const [content] = contents as [Buffer]
    const etags: [number, string][] = []
    for (let partNumber = 1; partNumber <= 10; partNumber++) {
      etags.push([partNumber, (await put('raced', uploadId, partNumber, content, plain)).etag])
    }
    await setEncryptionMode(engine.db, { namespaceId: plain.namespaceId, mode: 'on' })
    const now = (await findBucket(engine.db, { name: plain.name })) as Bucket
    const upload = await getUpload(engine, { bucket: now, key: 'raced', uploadId })
    const sealElsewhere = async (partNumber: number) => {
      const { blob } = (await findPart(engine.db, { uploadId, partNumber })) as StoredPart
      const to = (await uploadKey(engine, { bucket: now, upload }))?.key ?? null
      const sealed = await rewriteBlob(engine, { bucket: now, versionId: uploadId, partNumber, blob, from: null, to })
      const swap = { uploadId, partNumber, namespaceId: now.namespaceId, from: blob.blobId, blob: sealed }
      await replacePartBlob(engine.db, swap)
    }
    const create: Engine['blobs']['create'] = (input) => {
      const writer = engine.blobs.create(input)
      const commit = async () => {
        const ref = await writer.commit()
        await sealElsewhere(input.owner.partNumber)
        return ref
      }
      return { ...writer, commit }
    }
    const overtaken = { ...engine, blobs: { ...engine.blobs, create } }
    const done = await completeUpload(overtaken, { ...completion('raced', uploadId, etags), bucket: now })
    expect(done).toMatchObject({ size: 10 * content.length, sealed: true })
    expect((await read(now, 'raced')).equals(Buffer.concat(etags.map(() => content)))).toBe(true)
  })

  it('seals parts that were stored before the namespace was switched on', async () => {
    const plain = await createTestBucketIn(engine, { encryptionMode: 'off' })
    const { uploadId } = await open('early', null, plain)
    const first = await put('early', uploadId, 1, contents[0] as Buffer, plain)
    expect(first.sealed).toBe(false)
    await setEncryptionMode(engine.db, { namespaceId: plain.namespaceId, mode: 'on' })
    const now = (await findBucket(engine.db, { name: plain.name })) as Bucket
    // This gateway still believes that the namespace is off.
    const second = await put('early', uploadId, 2, contents[2] as Buffer, plain)
    expect(second.sealed).toBe(true)
    const done = await completeUpload(engine, {
      ...completion('early', uploadId, [
        [1, first.etag],
        [2, second.etag],
      ]),
      bucket: plain,
    })
    expect(done.sealed).toBe(true)
    const { object } = await findObject(engine.db, { bucketName: plain.name, key: 'early' })
    expect(object !== null && isSealed(object)).toBe(true)
    expect((await read(now, 'early')).equals(Buffer.concat([contents[0] as Buffer, contents[2] as Buffer]))).toBe(true)
  })
})

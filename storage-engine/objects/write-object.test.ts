import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Body, bodyOf } from '#storage-engine/body.ts'
import { checksumOf } from '#storage-engine/crypto/checksums.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { setEncryptionMode } from '#storage-engine/metadata/namespaces.ts'
import { findObject } from '#storage-engine/metadata/object-versions.ts'
import { copyObject } from '#storage-engine/objects/copy-object.ts'
import { currentOf, deleteObjects } from '#storage-engine/objects/delete-objects.ts'
import { isSealed, readObject, readSmallObject } from '#storage-engine/objects/read-object.ts'
import { bodyFrom } from '#storage-engine/objects/rewrite-blob.ts'
import { type WriteObjectInput, writeObject } from '#storage-engine/objects/write-object.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

const SEGMENT = 65_536
const SIZES = [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 262_144, 262_145, 5 * SEGMENT, 3_000_001]

let test: TestEngine
let engine: Engine

beforeAll(async () => {
  test = await startTestEngine()
  engine = test.engine
})
afterAll(() => test.stop())

function inputFor(bucket: Bucket, key: string, body: Body): WriteObjectInput {
  return {
    bucket,
    key,
    body,
    ownerId: bucket.ownerId,
    contentType: 'text/plain',
    systemHeaders: null,
    userMetadata: { colour: 'blue' },
    contentMd5: null,
    checksum: null,
    precondition: null,
    settings: null,
    lock: null,
    encryption: { kind: 'default' },
  }
}

/** A body of unknown length that arrives in pieces of odd sizes. */
function piecesOf(content: Buffer, { declared = false } = {}): Body {
  return {
    declaredSize: declared ? content.length : null,
    givesChunksAway: false,
    trailingChecksums: new Map(),
    async drainTo(sink) {
      for (let at = 0, size = 1; at < content.length; at += size, size = (size * 7) % 40_009) {
        await sink(content.subarray(at, at + size))
      }
    },
  }
}

/** Copies of the bytes, each in memory of its own. */
function chunksOf(content: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(content.length / size) }, (_, index) => {
    const chunk = content.subarray(index * size, (index + 1) * size)
    const copy = Buffer.allocUnsafeSlow(chunk.length)
    chunk.copy(copy)
    return copy
  })
}

async function find(bucket: Bucket, key: string) {
  const { object } = await findObject(engine.db, { bucketName: bucket.name, key })
  if (object === null) throw new Error(`no object ${key}`)
  return object
}

async function read(bucket: Bucket, key: string, range: { start: number; end: number } | null = null): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of readObject(engine, { bucket, object: await find(bucket, key), range })) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Every file under the node directories, as one list of contents. */
function storedFiles(): Buffer[] {
  const directory = path.join(test.directory, 'nodes')
  const entries = fs.readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name)))
}

const isOnDisk = (needle: Buffer) => storedFiles().some((content) => content.includes(needle))

describe.each(['off', 'on'] as const)('with encryption %s', (encryptionMode) => {
  let bucket: Bucket
  beforeAll(async () => {
    bucket = await createTestBucketIn(engine, { encryptionMode })
  })

  it.each(SIZES)('gives back %d bytes as they were written, and their MD5 as the ETag', async (size) => {
    const content = randomBytes(size)
    const md5 = referenceMd5(content).toString('hex')
    for (const [name, body] of [
      ['whole', bodyOf(content)],
      ['pieces', piecesOf(content, { declared: true })],
      ['unknown', piecesOf(content)],
    ] as const) {
      const key = `${size}/${name}`
      const written = await writeObject(engine, inputFor(bucket, key, body))
      expect(written).toMatchObject({ etag: md5, size, sealed: encryptionMode === 'on', versionId: null })
      const object = await find(bucket, key)
      expect(object).toMatchObject({ etag: md5, size, contentType: 'text/plain', userMetadata: { colour: 'blue' } })
      expect(isSealed(object)).toBe(encryptionMode === 'on')
      expect((await read(bucket, key)).equals(content)).toBe(true)
      const small = await readSmallObject(engine, { bucket, object })
      expect(small === null || small.equals(content)).toBe(true)
    }
  })

  it('gives no chunk back that the digest or the disk has yet to read', async () => {
    const contents = Array.from({ length: 8 }, (_, index) => randomBytes(300_000 + index * 400_009))
    await Promise.all(
      contents.map(async (content, index) => {
        const chunks = chunksOf(content, index % 2 === 0 ? 16_384 : 100_003)
        const written = await writeObject(
          engine,
          inputFor(bucket, `given/${index}`, bodyFrom(Readable.from(chunks), content.length)),
        )
        expect(written.etag).toBe(referenceMd5(content).toString('hex'))
      }),
    )
    for (const [index, content] of contents.entries()) {
      expect((await read(bucket, `given/${index}`)).equals(content)).toBe(true)
    }
  })

  it('reads any range, also across segments and windows', async () => {
    const content = randomBytes(1_000_000)
    await writeObject(engine, inputFor(bucket, 'ranged', bodyOf(content)))
    const edges = [0, 1, SEGMENT - 1, SEGMENT, 4 * SEGMENT - 1, 4 * SEGMENT, 999_999]
    for (const start of edges) {
      for (const end of edges.filter((each) => each >= start)) {
        expect((await read(bucket, 'ranged', { start, end })).equals(content.subarray(start, end + 1))).toBe(true)
      }
    }
  })

  it('keeps plaintext off the disk exactly when it seals', async () => {
    const canary = randomBytes(48)
    const large = Buffer.concat([randomBytes(300_000), canary, randomBytes(300_000)])
    await writeObject(engine, inputFor(bucket, 'canary-small', bodyOf(canary)))
    expect(isOnDisk(canary)).toBe(encryptionMode === 'off')
    for (const declared of [true, false]) {
      const other = randomBytes(48)
      other.copy(large, 300_000)
      await writeObject(engine, inputFor(bucket, `canary-large-${declared}`, piecesOf(large, { declared })))
      expect(isOnDisk(other)).toBe(encryptionMode === 'off')
    }
  })
})

describe('a write', () => {
  let bucket: Bucket
  beforeAll(async () => {
    bucket = await createTestBucketIn(engine, { encryptionMode: 'off' })
  })
  const content = Buffer.from('the quick brown fox')

  it('seals when the client asks for it although the namespace does not', async () => {
    const written = await writeObject(engine, {
      ...inputFor(bucket, 'asked', bodyOf(content)),
      encryption: { kind: 's3' },
    })
    expect(written.sealed).toBe(true)
    expect((await read(bucket, 'asked')).equals(content)).toBe(true)
  })

  it.each([10, 400_000])(
    'refuses %d bytes that do not match their Content-MD5 and keeps the old object',
    async (size) => {
      const old = randomBytes(5)
      const key = `md5-${size}`
      await writeObject(engine, inputFor(bucket, key, bodyOf(old)))
      const wrong = { ...inputFor(bucket, key, bodyOf(randomBytes(size))), contentMd5: Buffer.alloc(16) }
      await expect(writeObject(engine, wrong)).rejects.toMatchObject({ code: 'BadDigest' })
      expect((await read(bucket, key)).equals(old)).toBe(true)
    },
  )

  it.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)('verifies and stores %s', async (algorithm) => {
    const value = checksumOf(algorithm, content)
    const good = { ...inputFor(bucket, algorithm, bodyOf(content)), checksum: { algorithm, value } }
    expect((await writeObject(engine, good)).checksum).toEqual({ algorithm, type: 'FULL_OBJECT', value })
    expect((await find(bucket, algorithm)).checksum).toEqual({ algorithm, type: 'FULL_OBJECT', value })
    const bad = { ...inputFor(bucket, algorithm, bodyOf(Buffer.from('other'))), checksum: { algorithm, value } }
    await expect(writeObject(engine, bad)).rejects.toMatchObject({ code: 'BadDigest' })
  })

  it('verifies a checksum that follows the body', async () => {
    const body = { ...bodyOf(content), trailingChecksums: new Map([['CRC32', 'AAAAAA==']] as const) }
    const input = { ...inputFor(bucket, 'trailer', body), checksum: { algorithm: 'CRC32', value: null } as const }
    await expect(writeObject(engine, input)).rejects.toMatchObject({ code: 'BadDigest' })
  })

  it('leaves nothing visible when its body breaks off', async () => {
    const broken: Body = {
      ...bodyOf(content),
      async drainTo(sink) {
        await sink(randomBytes(100_000))
        throw new StorageError('IncompleteBody')
      },
    }
    for (const declaredSize of [200_000, 900_000, null]) {
      const input = inputFor(bucket, 'broken', { ...broken, declaredSize })
      await expect(writeObject(engine, input)).rejects.toMatchObject({ code: 'IncompleteBody' })
    }
    const { object } = await findObject(engine.db, { bucketName: bucket.name, key: 'broken' })
    expect(object).toBeNull()
  })

  it('refuses more than 5 GiB before it reads a byte', async () => {
    const body = { ...bodyOf(content), declaredSize: 5 * 1024 ** 3 + 1 }
    await expect(writeObject(engine, inputFor(bucket, 'huge', body))).rejects.toMatchObject({ code: 'EntityTooLarge' })
  })

  it('is sealed again when the namespace is switched on while it is under way', async () => {
    for (const size of [20, 400_000]) {
      const flipped = await createTestBucketIn(engine, { encryptionMode: 'off' })
      const bytes = randomBytes(size)
      const body: Body = {
        ...bodyOf(bytes),
        async drainTo(sink) {
          await sink(bytes)
          await setEncryptionMode(engine.db, { namespaceId: flipped.namespaceId, mode: 'on' })
        },
      }
      const written = await writeObject(engine, inputFor(flipped, 'race', body))
      expect(written.sealed).toBe(true)
      const bucketNow = (await findBucket(engine.db, { name: flipped.name })) as Bucket
      expect(isSealed(await find(bucketNow, 'race'))).toBe(true)
      expect((await read(bucketNow, 'race')).equals(bytes)).toBe(true)
    }
  })

  it('lets one of many `If-None-Match: *` win', async () => {
    const attempts = Array.from({ length: 8 }, (_, index) =>
      writeObject(engine, {
        ...inputFor(bucket, 'once', bodyOf(Buffer.from([index]))),
        precondition: { ifNoneMatch: '*' },
      }),
    )
    const settled = await Promise.allSettled(attempts)
    expect(settled.filter((each) => each.status === 'fulfilled')).toHaveLength(1)
    const winner = settled.findIndex((each) => each.status === 'fulfilled')
    expect(await read(bucket, 'once')).toEqual(Buffer.from([winner]))
  })

  it('fails with NoSuchBucket when the bucket goes away meanwhile', async () => {
    const gone = { ...bucket, id: '00000000-0000-7000-8000-000000000000' }
    await expect(writeObject(engine, inputFor(gone, 'x', bodyOf(content)))).rejects.toMatchObject({
      code: 'NoSuchBucket',
    })
  })
})

describe('a copy and a delete', () => {
  it('copies between a plain and a sealed namespace, and the bytes open at both places', async () => {
    const plain = await createTestBucketIn(engine, { encryptionMode: 'off' })
    const sealed = await createTestBucketIn(engine, { encryptionMode: 'on' })
    const content = randomBytes(700_000)
    const written = await writeObject(engine, inputFor(plain, 'source', bodyOf(content)))
    const target = { ...inputFor(sealed, 'copy', bodyOf(content)), checksumAlgorithm: 'CRC32C' as const }
    const copied = await copyObject(engine, { source: { bucket: plain, object: await find(plain, 'source') }, target })
    expect(copied).toMatchObject({ etag: written.etag, sealed: true })
    expect(copied.checksum?.value).toBe(checksumOf('CRC32C', content))
    expect((await read(sealed, 'copy')).equals(content)).toBe(true)
    const backInput = { ...inputFor(plain, 'back', bodyOf(content)), checksumAlgorithm: null }
    await copyObject(engine, { source: { bucket: sealed, object: await find(sealed, 'copy') }, target: backInput })
    expect((await read(plain, 'back')).equals(content)).toBe(true)
  })

  it('deletes what is there and is content with what is not', async () => {
    const bucket = await createTestBucketIn(engine)
    await writeObject(engine, inputFor(bucket, 'a', bodyOf(Buffer.from('a'))))
    await deleteObjects(engine, { bucket, ownerId: bucket.ownerId, targets: ['a', 'never'].map(currentOf) })
    const { object } = await findObject(engine.db, { bucketName: bucket.name, key: 'a' })
    expect(object).toBeNull()
  })
})

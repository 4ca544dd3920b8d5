import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bodyOf } from '#storage-engine/body.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { abortStaleUploads } from '#storage-engine/jobs/abort-stale-uploads.ts'
import { collectGarbage } from '#storage-engine/jobs/collect-garbage.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { findObject } from '#storage-engine/metadata/object-versions.ts'
import { findUpload } from '#storage-engine/metadata/uploads.ts'
import { currentOf, deleteObjects } from '#storage-engine/objects/delete-objects.ts'
import { readObject } from '#storage-engine/objects/read-object.ts'
import { createUpload, getUpload, writePart } from '#storage-engine/objects/uploads.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { putTestObject } from '#storage-engine/testing/test-objects.ts'

const LARGE = 400_000
const NO_GRACE = { SCEAU_GARBAGE_GRACE_SECONDS: '0', SCEAU_ORPHAN_GRACE_SECONDS: '0' }
const DESCRIPTION = { contentType: 'text/plain', systemHeaders: null, userMetadata: null }
const signal = new AbortController().signal

let test: TestEngine
let bucket: Bucket

beforeEach(async () => {
  test = await startTestEngine()
  bucket = await createTestBucketIn(test.engine)
})
afterEach(() => test.stop())

async function write(key: string, content: Buffer, engine: Engine = test.engine): Promise<void> {
  await putTestObject(engine, { bucket, key, body: content })
}

async function read(engine: Engine, key: string): Promise<Buffer> {
  const { object } = await findObject(engine.db, { bucketName: bucket.name, key })
  if (object === null) throw new Error(`no object ${key}`)
  const chunks: Buffer[] = []
  for await (const chunk of readObject(engine, { bucket, object, range: null })) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function storedBytes(): number {
  const entries = fs.readdirSync(path.join(test.directory, 'nodes'), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && !/ballast/.test(entry.name))
  return files.reduce((sum, file) => sum + fs.statSync(path.join(file.parentPath, file.name)).blocks * 512, 0)
}

describe('garbage collection', () => {
  it('keeps replaced and deleted bytes for the grace, then gives their space back', async () => {
    const before = storedBytes()
    await write('kept', randomBytes(LARGE))
    const kept = storedBytes() - before
    for (let round = 0; round < 4; round++) await write('gone', randomBytes(LARGE))
    await deleteObjects(test.engine, { bucket, ownerId: bucket.ownerId, targets: ['gone'].map(currentOf) })
    const full = storedBytes()
    await collectGarbage(test.engine, { signal })
    expect(storedBytes()).toBe(full)
    const collector = await test.open(NO_GRACE)
    await collectGarbage(collector, { signal })
    expect(storedBytes() - before).toBeLessThan(kept * 1.5)
    expect((await read(collector, 'kept')).length).toBe(LARGE)
    await collector.close()
  })

  it('compacts segments that hold little, and readers follow what moved', async () => {
    const writer = await test.open()
    const contents = new Map(Array.from({ length: 40 }, (_, index) => [`small-${index}`, randomBytes(50_000)]))
    for (const [key, content] of contents) await write(key, content, writer)
    const keys = [...contents.keys()]
    const doomed = keys.slice(0, 30)
    const stale = await findObject(test.engine.db, { bucketName: bucket.name, key: keys.at(-1) as string })
    await deleteObjects(writer, { bucket, ownerId: bucket.ownerId, targets: doomed.map(currentOf) })
    // Its segment is sealed with the process that wrote it.
    await writer.close()
    const full = storedBytes()
    const collector = await test.open(NO_GRACE)
    await collectGarbage(collector, { signal })
    await collectGarbage(collector, { signal })
    // A segment that is being written is longer than what is in it.
    await collector.close()
    expect(storedBytes()).toBeLessThan(full / 2)
    for (const key of keys.slice(30))
      expect((await read(test.engine, key)).equals(contents.get(key) as Buffer)).toBe(true)
    // A reader that looked the object up before it moved.
    if (stale.object === null) throw new Error('no object')
    const chunks: Buffer[] = []
    for await (const chunk of readObject(test.engine, { bucket, object: stale.object, range: null })) chunks.push(chunk)
    expect(Buffer.concat(chunks).equals(contents.get(keys.at(-1) as string) as Buffer)).toBe(true)
  })

  it('removes bytes that no transaction ever referred to', async () => {
    const before = storedBytes()
    const writer = test.engine.blobs.create({
      blobId: '01900000-0000-7000-8000-000000000001',
      size: LARGE,
      owner: { namespaceId: bucket.namespaceId, bucketId: bucket.id, versionId: bucket.id, partNumber: 0, form: 0 },
    })
    await writer.write(randomBytes(LARGE))
    await writer.commit()
    expect(storedBytes()).toBeGreaterThan(before)
    const collector = await test.open(NO_GRACE)
    await collectGarbage(collector, { signal })
    expect(storedBytes()).toBeLessThanOrEqual(before + 8192)
    await collector.close()
  })
})

describe('stale uploads', () => {
  it('are aborted once they are old enough, and their parts go', async () => {
    const { uploadId } = await createUpload(test.engine, {
      ...DESCRIPTION,
      bucket,
      key: 'u',
      ownerId: bucket.ownerId,
      initiatorId: bucket.ownerId,
      checksum: null,
      settings: null,
      lock: null,
      encryption: { kind: 'default' } as const,
    })
    const upload = await getUpload(test.engine, { bucket, key: 'u', uploadId })
    await writePart(test.engine, {
      bucket,
      upload,
      partNumber: 1,
      body: bodyOf(randomBytes(LARGE)),
      contentMd5: null,
      checksum: null,
    })
    await abortStaleUploads(test.engine, { signal })
    expect((await findUpload(test.engine.db, { bucketId: bucket.id, key: 'u', uploadId }))?.state).toBe('open')
    const full = storedBytes()
    const eightDaysAgo = new Date(Date.now() - 8 * 86_400_000)
    await test.engine.db.query({
      name: 'age',
      text: 'update uploads set created_at = $1 where id = $2',
      values: [eightDaysAgo, uploadId],
    })
    await abortStaleUploads(test.engine, { signal })
    const collector = await test.open(NO_GRACE)
    await collectGarbage(collector, { signal })
    expect(await findUpload(test.engine.db, { bucketId: bucket.id, key: 'u', uploadId })).toBeNull()
    expect(storedBytes()).toBeLessThan(full - LARGE / 2)
    await collector.close()
  })
})

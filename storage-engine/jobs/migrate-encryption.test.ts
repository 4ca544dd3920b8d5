import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyOf } from '#storage-engine/body.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { newId } from '#storage-engine/ids.ts'
import { collectGarbage } from '#storage-engine/jobs/collect-garbage.ts'
import { migrateEncryption } from '#storage-engine/jobs/migrate-encryption.ts'
import { setBucketVersioning } from '#storage-engine/metadata/bucket-settings.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import {
  changeMigration,
  type EncryptionMigration,
  findLastMigration,
  insertMigration,
} from '#storage-engine/metadata/encryption-migrations.ts'
import { setEncryptionMode } from '#storage-engine/metadata/namespaces.ts'
import { findObject } from '#storage-engine/metadata/object-versions.ts'
import { readUsage } from '#storage-engine/metadata/usage.ts'
import { readNotice } from '#storage-engine/notice.ts'
import { completeUpload } from '#storage-engine/objects/complete-upload.ts'
import { isSealed, readObject, readSmallObject } from '#storage-engine/objects/read-object.ts'
import { getUpload, writePart } from '#storage-engine/objects/uploads.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { putTestObject, startTestUpload } from '#storage-engine/testing/test-objects.ts'

const PART = 5 * 1024 ** 2
const NO_GRACE = { SCEAU_GARBAGE_GRACE_SECONDS: '0', SCEAU_ORPHAN_GRACE_SECONDS: '0' }
const signal = new AbortController().signal

let test: TestEngine
let engine: Engine
beforeAll(async () => {
  test = await startTestEngine(NO_GRACE)
  engine = test.engine
})
afterAll(() => test.stop())

async function startMigration(
  { namespaceId }: Bucket,
  { mode, rateLimit = null }: { mode: 'on' | 'off'; rateLimit?: number | null },
): Promise<void> {
  await setEncryptionMode(engine.db, { namespaceId, mode })
  await insertMigration(engine.db, { id: newId(), namespaceId, rateLimit, startedBy: 'someone' })
}

const lastOf = ({ namespaceId }: Bucket) =>
  findLastMigration(engine.db, { namespaceId }) as Promise<EncryptionMigration>

async function migrate(bucket: Bucket, mode: 'on' | 'off'): Promise<EncryptionMigration> {
  await startMigration(bucket, { mode })
  await migrateEncryption(engine, { signal })
  return lastOf(bucket)
}

async function objectOf(bucket: Bucket, key: string, versionId?: string) {
  const found = await findObject(engine.db, { bucketName: bucket.name, key, versionId })
  if (found.object === null || found.bucket === null) throw new Error(`no object ${key}`)
  return { bucket: found.bucket, object: found.object }
}

async function read(bucket: Bucket, key: string, versionId?: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of readObject(engine, { ...(await objectOf(bucket, key, versionId)), range: null }))
    chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Which of these bodies show on disk, by 32 bytes from the middle of each. */
function onDisk(bodies: Record<string, Buffer>): string[] {
  const names = new Set<string>()
  const entries = fs.readdirSync(path.join(test.directory, 'nodes'), { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((each) => each.isFile() && each.name !== 'ballast')) {
    const bytes = fs.readFileSync(path.join(entry.parentPath, entry.name))
    for (const [name, body] of Object.entries(bodies)) {
      if (bytes.includes(body.subarray(body.length / 2, body.length / 2 + 32))) names.add(name)
    }
  }
  return [...names].sort()
}

async function cipherCounts({ namespaceId }: Bucket): Promise<Record<string, number>> {
  const rows = await engine.db.query<{ cipher: number; count: number }>({
    name: 'cipher-counts',
    text: 'select cipher, count(*)::integer as count from blobs where namespace_id = $1 group by cipher',
    values: [namespaceId],
  })
  return Object.fromEntries(rows.map(({ cipher, count }) => [cipher, count]))
}

/** Everything of every version but what a migration may change. */
async function describeVersions({ id }: Bucket): Promise<unknown[]> {
  return engine.db.query({
    name: 'describe-versions',
    text: `
select key, noncurrent_order::text, version_id, is_null, is_delete_marker, owner_id, size::text, etag, last_modified, content_type, system_headers, user_metadata,
  checksum, upload_id, part_count, lock, settings from object_versions where bucket_id = $1 order by key, noncurrent_order`,
    values: [id],
  })
}

/** Bodies of every kind: single and in parts, current and not, locked, empty, deleted. */
async function fill(bucket: Bucket): Promise<Record<string, Buffer>> {
  const bodies = {
    small: randomBytes(10_000),
    large: randomBytes(700_000),
    noncurrent: randomBytes(20_000),
    replaced: randomBytes(30_000),
    part1: randomBytes(PART),
    part2: randomBytes(40_000),
    openPart: randomBytes(50_000),
  }
  await putTestObject(engine, { bucket, key: 'empty', body: Buffer.alloc(0) })
  await putTestObject(engine, { bucket, key: 'small', body: bodies.small })
  await putTestObject(engine, { bucket, key: 'large', body: bodies.large })
  await putTestObject(engine, { bucket, key: 'plain/replaced', body: bodies.replaced })
  await putTestObject(engine, { bucket, key: 'plain/replaced', body: bodies.small })
  await setBucketVersioning(engine.db, { bucketId: bucket.id, versioning: 'enabled' })
  const versioned = (await findBucket(engine.db, { name: bucket.name })) as Bucket
  for (const body of [bodies.noncurrent, bodies.small])
    await putTestObject(engine, { bucket: versioned, key: 'versions', body })
  const { uploadId, etags } = await startTestUpload(engine, {
    bucket: versioned,
    key: 'multipart',
    parts: [bodies.part1, bodies.part2],
  })
  await completeUpload(engine, {
    bucket: versioned,
    key: 'multipart',
    uploadId,
    parts: etags.map((etag, index) => ({ partNumber: index + 1, etag, checksums: new Map() })),
    checksum: null,
    checksumType: null,
    objectSize: null,
    precondition: null,
  })
  await startTestUpload(engine, { bucket: versioned, key: 'open', parts: [bodies.openPart] })
  await engine.db.query({
    name: 'lock-version',
    text: `update object_versions set lock = '{"mode":"COMPLIANCE","retainUntil":"2099-01-01T00:00:00.000Z"}' where bucket_id = $1 and key = 'small'`,
    values: [bucket.id],
  })
  return bodies
}

describe('a migration of encryption', () => {
  it('seals everything that is stored, changes nothing else, and leaves no plaintext on any node', async () => {
    const bucket = await createTestBucketIn(engine, { encryptionMode: 'off' })
    const bodies = await fill(bucket)
    const before = await describeVersions(bucket)
    expect(onDisk(bodies)).toHaveLength(7)
    const migration = await migrate(bucket, 'on')
    expect(migration).toMatchObject({ direction: 'encrypt', state: 'done', message: null, startedBy: 'someone' })
    expect(migration.doneCount).toBe(migration.totalCount)
    expect(migration.doneBytes).toBe(migration.totalBytes)
    expect(await describeVersions(bucket)).toEqual(before)
    expect(onDisk(bodies)).toEqual([])
    expect(await cipherCounts(bucket)).not.toHaveProperty('0')
    expect((await read(bucket, 'small')).equals(bodies['small'] as Buffer)).toBe(true)
    expect((await read(bucket, 'large')).equals(bodies['large'] as Buffer)).toBe(true)
    expect((await read(bucket, 'empty')).length).toBe(0)
    const whole = Buffer.concat([bodies['part1'] as Buffer, bodies['part2'] as Buffer])
    expect((await read(bucket, 'multipart')).equals(whole)).toBe(true)
    const usage = await readUsage(engine.db, { bucketId: bucket.id })
    expect(usage).toMatchObject({ sealedCount: usage.objectCount, sealedBytes: usage.sizeBytes })
  }, 60_000)

  it('opens everything again that nobody asked to be sealed', async () => {
    const bucket = await createTestBucketIn(engine, { encryptionMode: 'on' })
    const bodies = await fill(bucket)
    await putTestObject(engine, { bucket, key: 'asked', body: randomBytes(1000), encryption: { kind: 's3' } })
    const before = await describeVersions(bucket)
    expect(onDisk(bodies)).toEqual([])
    expect(await migrate(bucket, 'off')).toMatchObject({ direction: 'decrypt', state: 'done', message: null })
    expect(await describeVersions(bucket)).toEqual(before)
    expect(isSealed((await objectOf(bucket, 'asked')).object)).toBe(true)
    expect(onDisk(bodies)).toEqual(
      expect.arrayContaining(['large', 'noncurrent', 'openPart', 'part1', 'part2', 'small']),
    )
    expect(await readUsage(engine.db, { bucketId: bucket.id })).toMatchObject({ sealedCount: 1, sealedBytes: 1000 })
    const whole = Buffer.concat([bodies['part1'] as Buffer, bodies['part2'] as Buffer])
    expect((await read(bucket, 'multipart')).equals(whole)).toBe(true)
    expect((await objectOf(bucket, 'multipart')).object.wrappedDataKey).toBeNull()
  }, 60_000)

  it('ends with the switch that it was begun for, and leaves the rest to the next one', async () => {
    const bucket = await createTestBucketIn(engine, { encryptionMode: 'off' })
    await putTestObject(engine, { bucket, key: 'a', body: randomBytes(100) })
    await startMigration(bucket, { mode: 'on' })
    const begun = await lastOf(bucket)
    await setEncryptionMode(engine.db, { namespaceId: bucket.namespaceId, mode: 'off' })
    await migrateEncryption(engine, { signal })
    const ended = await lastOf(bucket)
    expect(ended).toMatchObject({ id: begun.id, state: 'cancelled', doneCount: 0 })
    expect(readNotice(ended.message).notice).toEqual({ code: 'switch-thrown-again', values: {} })
    expect(isSealed((await objectOf(bucket, 'a')).object)).toBe(false)
    expect(await migrate(bucket, 'on')).toMatchObject({ state: 'done', doneCount: 1 })
  })

  it('obeys pause, resume, cancel and the rate', async () => {
    const bucket = await createTestBucketIn(engine, { encryptionMode: 'off' })
    const keys = Array.from({ length: 8 }, (_, index) => `key-${index}`)
    for (const key of keys) await putTestObject(engine, { bucket, key, body: randomBytes(200_000) })
    const { namespaceId } = bucket
    await startMigration(bucket, { mode: 'on', rateLimit: 200_000 })
    const running = migrateEncryption(engine, { signal })
    await expect.poll(async () => (await lastOf(bucket)).totalBytes, { timeout: 20_000 }).toBe(1_600_000)
    await changeMigration(engine.db, { namespaceId, act: 'pause', rateLimit: null })
    await running
    const paused = await lastOf(bucket)
    expect(paused.state).toBe('paused')
    // At 200,000 bytes a second the whole takes eight seconds, of which at most three have passed.
    expect(paused.doneBytes).toBeLessThan(1_600_000)
    await migrateEncryption(engine, { signal })
    expect((await lastOf(bucket)).doneBytes).toBe(paused.doneBytes)
    await changeMigration(engine.db, { namespaceId, act: 'set-rate', rateLimit: null })
    await changeMigration(engine.db, { namespaceId, act: 'resume', rateLimit: null })
    await migrateEncryption(engine, { signal })
    expect(await lastOf(bucket)).toMatchObject({ state: 'done', doneBytes: 1_600_000, rateLimit: null })
    const mismatch = { code: 'MigrationStateMismatch' }
    for (const act of ['pause', 'resume', 'cancel', 'set-rate'] as const)
      await expect(changeMigration(engine.db, { namespaceId, act, rateLimit: null })).rejects.toMatchObject(mismatch)
    await startMigration(bucket, { mode: 'off' })
    await changeMigration(engine.db, { namespaceId, act: 'cancel', rateLimit: null })
    await migrateEncryption(engine, { signal })
    expect(await lastOf(bucket)).toMatchObject({ state: 'cancelled', doneCount: 0 })
  }, 60_000)

  it('is taken over by another process where it was left', async () => {
    const bucket = await createTestBucketIn(engine, { encryptionMode: 'off' })
    const bodies = new Map<string, Buffer>()
    for (let index = 0; index < 150; index++) bodies.set(`key-${index}`, randomBytes(2_000))
    for (const [key, body] of bodies) await putTestObject(engine, { bucket, key, body })
    await startMigration(bucket, { mode: 'on' })
    const stopping = new AbortController()
    const running = migrateEncryption(engine, { signal: stopping.signal })
    await expect.poll(async () => (await lastOf(bucket)).doneCount, { interval: 5 }).toBeGreaterThan(0)
    stopping.abort()
    await running
    const second = await test.open()
    await migrateEncryption(second, { signal })
    await second.close()
    expect(await lastOf(bucket)).toMatchObject({ state: 'done', doneCount: 150, totalCount: 150 })
    for (const [key, body] of bodies) expect((await read(bucket, key)).equals(body)).toBe(true)
  }, 60_000)

  it('is followed by a look for plain bytes that a gateway wrote too late to be found', async () => {
    const bucket = await createTestBucketIn(engine, { encryptionMode: 'off' })
    await migrate(bucket, 'on')
    const late = randomBytes(5_000)
    const owner = { namespaceId: bucket.namespaceId, bucketId: bucket.id, versionId: newId(), partNumber: 0, form: 1 }
    const writer = engine.blobs.create({ blobId: newId(), size: late.length, owner })
    await writer.write(late)
    await writer.commit()
    expect(onDisk({ late })).toEqual(['late'])
    await collectGarbage(engine, { signal })
    expect(onDisk({ late })).toEqual([])
  })

  it('says what it could not read, and converts all else', async () => {
    const bucket = await createTestBucketIn(engine, { encryptionMode: 'off' })
    for (const key of ['broken', 'whole']) await putTestObject(engine, { bucket, key, body: randomBytes(700_000) })
    const { object } = await objectOf(bucket, 'broken')
    const [file = ''] = fs
      .readdirSync(path.join(test.directory, 'nodes'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(object.blob?.blobId ?? '?'))
    const fd = fs.openSync(path.join(test.directory, 'nodes', file), 'r+')
    fs.writeSync(fd, Buffer.from('rot'), 0, 3, 300_000)
    fs.closeSync(fd)
    const migration = await migrate(bucket, 'on')
    expect(migration).toMatchObject({ state: 'failed', doneCount: 1, totalCount: 2 })
    expect(readNotice(migration.message).notice).toEqual({ code: 'blobs-unreadable', values: { count: 1 } })
    expect(isSealed((await objectOf(bucket, 'whole')).object)).toBe(true)
    expect(isSealed((await objectOf(bucket, 'broken')).object)).toBe(false)
  }, 60_000)
})

describe('while a migration goes on', () => {
  it.each(['on', 'off'] as const)(
    'reads that began before it end with the right bytes (%s)',
    async (mode) => {
      const bucket = await createTestBucketIn(engine, { encryptionMode: mode === 'on' ? 'off' : 'on' })
      const bodies = await fill(bucket)
      const found = await Promise.all(['small', 'large', 'multipart'].map((key) => objectOf(bucket, key)))
      const [small, large, multipart] = found as [(typeof found)[0], (typeof found)[0], (typeof found)[0]]
      const started = readObject(engine, { ...large, range: null })
      const chunks = [(await started.next()).value as Buffer]
      await migrate(bucket, mode)
      await collectGarbage(engine, { signal })
      for await (const chunk of started) chunks.push(chunk)
      expect(Buffer.concat(chunks).equals(bodies['large'] as Buffer)).toBe(true)
      expect((await readSmallObject(engine, small))?.equals(bodies['small'] as Buffer)).toBe(true)
      const parts: Buffer[] = []
      for await (const chunk of readObject(engine, { ...multipart, range: null })) parts.push(chunk)
      const whole = Buffer.concat([bodies['part1'] as Buffer, bodies['part2'] as Buffer])
      expect(Buffer.concat(parts).equals(whole)).toBe(true)
    },
    60_000,
  )

  it.each(['on', 'off'] as const)(
    'uploads that began before it are completed after it (%s)',
    async (mode) => {
      const before = await createTestBucketIn(engine, { encryptionMode: mode === 'on' ? 'off' : 'on' })
      const bodies = [randomBytes(PART), randomBytes(1_000)] as const
      const { uploadId, etags } = await startTestUpload(engine, { bucket: before, key: 'u', parts: [bodies[0]] })
      const upload = await getUpload(engine, { bucket: before, key: 'u', uploadId })
      expect(await migrate(before, mode)).toMatchObject({ state: 'done', doneCount: 1, doneBytes: PART })
      // As a gateway would that looked upload and bucket up before the switch.
      const late = { partNumber: 2, body: bodyOf(bodies[1]), contentMd5: null, checksum: null }
      const written = await writePart(engine, { bucket: before, upload, ...late })
      expect(written.sealed || mode === 'off').toBe(true)
      const { sealed } = await completeUpload(engine, {
        bucket: before,
        key: 'u',
        uploadId,
        parts: [...etags, written.etag].map((etag, index) => ({ partNumber: index + 1, etag, checksums: new Map() })),
        checksum: null,
        checksumType: null,
        objectSize: null,
        precondition: null,
      })
      expect(sealed || mode === 'off').toBe(true)
      expect((await read(before, 'u')).equals(Buffer.concat(bodies))).toBe(true)
      if (mode === 'off') expect(await migrate(before, 'off')).toMatchObject({ state: 'done' })
      expect(Object.keys(await cipherCounts(before))).toContain(mode === 'on' ? '1' : '0')
    },
    60_000,
  )
})

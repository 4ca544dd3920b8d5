import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyOf } from '#storage-engine/body.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { newId } from '#storage-engine/ids.ts'
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
})

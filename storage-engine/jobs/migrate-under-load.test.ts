import { createHash, randomBytes, randomInt } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createBucket } from '#storage-engine/buckets/create-bucket.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import { foldUsageDeltas } from '#storage-engine/jobs/fold-usage-deltas.ts'
import { migrateEncryption } from '#storage-engine/jobs/migrate-encryption.ts'
import { setBucketVersioning } from '#storage-engine/metadata/bucket-settings.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { findLastMigration, insertMigration } from '#storage-engine/metadata/encryption-migrations.ts'
import { setEncryptionMode } from '#storage-engine/metadata/namespaces.ts'
import { findObject } from '#storage-engine/metadata/object-versions.ts'
import { readUsage } from '#storage-engine/metadata/usage.ts'
import { completeUpload } from '#storage-engine/objects/complete-upload.ts'
import { copyObject } from '#storage-engine/objects/copy-object.ts'
import { currentOf, deleteObjects } from '#storage-engine/objects/delete-objects.ts'
import { readObject } from '#storage-engine/objects/read-object.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { putTestObject, startTestUpload } from '#storage-engine/testing/test-objects.ts'

/** A writer whose commit is refused reads its own bytes once more: without any grace they are an orphan's, and wiped meanwhile. */
const SHORT_GRACES = { SCEAU_GARBAGE_GRACE_SECONDS: '0', SCEAU_ORPHAN_GRACE_SECONDS: '3' }
const SIZES = [0, 1, 500, 65_536, 65_537, 300_000]
const KEYS = Array.from({ length: 12 }, (_, index) => `key-${index}`)
const WORKERS = 6
const FLIPS = 6

let test: TestEngine
let jobs: Engine
beforeAll(async () => {
  test = await startTestEngine(SHORT_GRACES)
  jobs = await test.open()
})
afterAll(async () => {
  await jobs.close()
  await test.stop()
})

const pick = <Item>(items: readonly Item[]) => items[randomInt(items.length)] as Item
const current = async ({ name }: Bucket) => (await findBucket(test.engine.db, { name })) as Bucket

async function upload(bucket: Bucket, key: string): Promise<void> {
  const { uploadId, etags } = await startTestUpload(test.engine, { bucket, key, parts: [randomBytes(pick(SIZES))] })
  if (randomInt(4) === 0) return
  await completeUpload(test.engine, {
    bucket: await current(bucket),
    key,
    uploadId,
    parts: etags.map((etag, index) => ({ partNumber: index + 1, etag, checksums: new Map() })),
    checksum: null,
    checksumType: null,
    objectSize: null,
    precondition: null,
  })
}

async function copy(source: Bucket, target: Bucket): Promise<void> {
  const { object } = await findObject(test.engine.db, { bucketName: source.name, key: pick(KEYS) })
  if (object === null) return
  await copyObject(test.engine, {
    source: { bucket: source, object },
    target: {
      bucket: target,
      key: pick(KEYS),
      ownerId: target.ownerId,
      contentType: 'text/plain',
      systemHeaders: null,
      userMetadata: null,
      checksumAlgorithm: null,
      precondition: null,
      settings: null,
      lock: null,
      encryption: { kind: pick(['default', 's3'] as const) },
    },
  })
}

/** Reads the current version; throws when its bytes are not those of its ETag. */
async function check(bucket: Bucket, key: string): Promise<void> {
  const { object } = await findObject(test.engine.db, { bucketName: bucket.name, key })
  if (object === null) return
  const hash = createHash('md5')
  for await (const chunk of readObject(test.engine, { bucket, object, range: null })) hash.update(chunk)
  const md5 = hash.digest()
  const etag = object.uploadId === null ? md5.toString('hex') : `${createHash('md5').update(md5).digest('hex')}-1`
  expect(etag).toBe(object.etag)
}

async function act(buckets: Bucket[]): Promise<void> {
  const bucket = await current(pick(buckets))
  const key = pick(KEYS)
  const acts = [
    () => putTestObject(test.engine, { bucket, key, body: randomBytes(pick(SIZES)) }),
    () => deleteObjects(test.engine, { bucket, ownerId: bucket.ownerId, targets: [currentOf(key)] }),
    () => upload(bucket, key),
    () => copy(bucket, bucket),
    () => check(bucket, key),
  ]
  try {
    await pick(acts)()
  } catch (error) {
    // What a client would be told to try again.
    if (!(error instanceof StorageError) || !['ServiceUnavailable', 'NoSuchKey'].includes(error.code)) throw error
  }
}

/** What the counters should say, by every version's own rows. */
async function recount({ id }: Bucket) {
  const [row] = await test.engine.db.query<Record<string, number>>({
    name: 'recount',
    text: `
with v as (
  select o.size, o.wrapped_data_key, coalesce((select case when b.cipher > 0 then b.size else 0 end from blobs b where b.blob_id = o.blob_id),
    (select sum(b.size) filter (where b.cipher > 0) from parts p join blobs b on b.blob_id = p.blob_id where p.upload_id = o.upload_id), 0) as sealed_size
  from object_versions o where o.bucket_id = $1 and not o.is_delete_marker)
select count(*)::float8 as "objectCount", coalesce(sum(size), 0)::float8 as "sizeBytes",
  (count(*) filter (where wrapped_data_key is not null and sealed_size = size))::float8 as "sealedCount", coalesce(sum(sealed_size), 0)::float8 as "sealedBytes" from v`,
    values: [id],
  })
  return row
}

/** Blobs that versions and parts refer to and that are garbage, or that have no row. */
async function brokenReferences({ namespaceId }: Bucket): Promise<number> {
  const [row] = await test.engine.db.query<{ count: number }>({
    name: 'broken-references',
    text: `
with referred as (
  select o.blob_id from object_versions o join buckets b on b.id = o.bucket_id where b.namespace_id = $1 and o.blob_id is not null
  union all select p.blob_id from parts p join uploads u on u.id = p.upload_id join buckets b on b.id = u.bucket_id
  where b.namespace_id = $1 and not exists (select from garbage_uploads g where g.upload_id = u.id))
select count(*)::float8 as count from referred r where exists (select from garbage_blobs g where g.blob_id = r.blob_id)
  or not exists (select from blobs b where b.blob_id = r.blob_id and b.namespace_id = $1)`,
    values: [namespaceId],
  })
  return row?.count ?? -1
}

it('counters stay exact and no read fails while writers work and the switch is thrown again and again', async () => {
  const plain = await createTestBucketIn(test.engine, { encryptionMode: 'off' })
  const { namespaceId, ownerId } = plain
  const name = `versions-${newId()}`
  const versioned = await createBucket(test.engine, { namespaceId, ownerId, name, region: 'us-east-1' })
  await setBucketVersioning(test.engine.db, { bucketId: versioned.id, versioning: 'enabled' })
  const buckets = [plain, versioned]
  let isOver = false
  const workers = Array.from({ length: WORKERS }, async () => {
    while (!isOver) await act(buckets)
  })
  for (let flip = 1; flip <= FLIPS; flip++) {
    await setEncryptionMode(test.engine.db, { namespaceId, mode: flip % 2 === 1 ? 'on' : 'off' })
    await insertMigration(test.engine.db, { id: newId(), namespaceId, rateLimit: null, startedBy: 'test' })
    // Every second one is overtaken by the next throw of the switch.
    const stopping = AbortSignal.timeout(flip % 2 === 1 ? 400 : 20_000)
    await migrateEncryption(jobs, { signal: stopping })
    await foldUsageDeltas(jobs, { signal: stopping })
  }
  isOver = true
  await Promise.all(workers)
  await setEncryptionMode(test.engine.db, { namespaceId, mode: 'on' })
  await insertMigration(test.engine.db, { id: newId(), namespaceId, rateLimit: null, startedBy: 'test' })
  await migrateEncryption(jobs, { signal: new AbortController().signal })
  expect(await findLastMigration(test.engine.db, { namespaceId })).toMatchObject({ state: 'done' })
  expect(await brokenReferences(plain)).toBe(0)
  for (const bucket of buckets) {
    const usage = await readUsage(test.engine.db, { bucketId: bucket.id })
    expect(usage).toEqual(await recount(bucket))
    expect(usage.sealedCount).toBe(usage.objectCount)
    for (const key of KEYS) await check(await current(bucket), key)
  }
}, 120_000)

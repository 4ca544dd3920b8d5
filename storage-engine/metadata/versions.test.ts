import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newId } from '#storage-engine/ids.ts'
import { setBucketVersioning } from '#storage-engine/metadata/bucket-settings.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { commitStatement } from '#storage-engine/metadata/commit-sql.ts'
import { deleteObject } from '#storage-engine/metadata/delete-objects.ts'
import { deleteVersions } from '#storage-engine/metadata/delete-versions.ts'
import { lockKeys } from '#storage-engine/metadata/key-locks.ts'
import { commitObject, findObject } from '#storage-engine/metadata/object-versions.ts'
import { openTestDatabase } from '#storage-engine/metadata/open-test-database.ts'
import { putPart } from '#storage-engine/metadata/parts.ts'
import { createTestBucket, testObject } from '#storage-engine/metadata/test-database.ts'
import { completeUpload, insertUpload } from '#storage-engine/metadata/uploads.ts'
import { readUsage } from '#storage-engine/metadata/usage.ts'

const { db } = await openTestDatabase()

const KEYS = ['a', 'a/b', 'é'] as const
type Key = (typeof KEYS)[number]

type Step =
  | { kind: 'put' | 'complete' | 'delete'; key: Key; size: number }
  | { kind: 'delete-version'; key: Key; place: number }
  | { kind: 'enabled' | 'suspended' }

const key = fc.oneof({ weight: 4, arbitrary: fc.constant(KEYS[0]) }, { weight: 1, arbitrary: fc.constantFrom(...KEYS) })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('put', 'delete'), key, size: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('complete'), key, size: fc.nat(1000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete-version'), key, place: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('enabled', 'suspended') }) },
)

interface ModelVersion {
  /** As it is stored. */
  id: string
  isNull: boolean
  isMarker: boolean
  size: number
  /** Of the blob or the upload. */
  bytes: string | null
}

/** S3's rules in plain lists: each key's versions, the newest first. */
class Model {
  versioning: Bucket['versioning'] = 'unversioned'
  readonly garbage = new Set<string>()
  readonly versions = new Map<Key, ModelVersion[]>(KEYS.map((each) => [each, []]))

  add(at: Key, version: Omit<ModelVersion, 'isNull'>): string | null {
    const isNull = this.versioning !== 'enabled'
    if (isNull) this.#remove(at, (each) => each.isNull)
    this.of(at).unshift({ ...version, isNull })
    if (this.versioning === 'unversioned') return null
    return isNull ? 'null' : version.id
  }

  delete(at: Key, markerId: string): void {
    if (this.versioning === 'unversioned') this.#remove(at, () => true)
    else this.add(at, { id: markerId, isMarker: true, size: 0, bytes: null })
  }

  deleteVersion(at: Key, id: string): void {
    this.#remove(at, (each) => (each.isNull ? 'null' : each.id) === id)
  }

  of(at: Key): ModelVersion[] {
    return this.versions.get(at) as ModelVersion[]
  }

  #remove(at: Key, isMeant: (version: ModelVersion) => boolean): void {
    for (const each of this.of(at)) if (isMeant(each) && each.bytes !== null) this.garbage.add(each.bytes)
    this.versions.set(
      at,
      this.of(at).filter((each) => !isMeant(each)),
    )
  }
}

interface StoredVersion {
  key: Key
  id: string
  order: string
  isNull: boolean
  isMarker: boolean
  size: number
  bytes: string | null
}

async function readStored(bucket: Bucket): Promise<StoredVersion[]> {
  return db.query<StoredVersion>({
    name: 'all-versions',
    text: `
select key, version_id as id, noncurrent_order::text as "order", is_null as "isNull", is_delete_marker as "isMarker", size::float8 as size,
  coalesce(blob_id, upload_id) as bytes from object_versions where bucket_id = $1 order by key, noncurrent_order`,
    values: [bucket.id],
  })
}

async function readGarbage(ids: string[]): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>({
    name: 'garbage-of-all-kinds',
    text: `
select blob_id as id from garbage_blobs where blob_id = any($1::uuid[])
union all select upload_id from garbage_uploads where upload_id = any($1::uuid[])`,
    values: [ids],
  })
  const found = rows.map(({ id }) => id)
  expect(new Set(found).size).toBe(found.length)
  return new Set(found)
}

const freshBucket = async (bucket: Bucket) => (await findBucket(db, { name: bucket.name })) as Bucket

async function put(bucket: Bucket, at: string, size: number) {
  const object = testObject(bucket, at, { size })
  const { versionId } = await commitObject(db, object)
  return { id: object.versionId, visible: versionId, bytes: object.blob?.blobId as string, again: null }
}

async function complete(bucket: Bucket, at: string, size: number) {
  const uploadId = newId()
  const { ownerId } = bucket
  const upload = { id: uploadId, bucketId: bucket.id, key: at, initiatorId: ownerId, ownerId, contentType: 'a/b' }
  await insertUpload(db, upload)
  const { blob } = testObject(bucket, at, { size })
  if (blob === null) throw new Error('a test object has a blob')
  await putPart(db, { bucket, uploadId, partNumber: 1, size, etag: 'e', checksums: null, blob })
  const parts = [{ partNumber: 1, blobId: blob.blobId }]
  const completed = { bucket, uploadId, etag: 'e-1', size, checksum: null, parts, precondition: null }
  const { versionId } = await completeUpload(db, completed)
  return { id: uploadId, visible: versionId, bytes: uploadId, again: () => completeUpload(db, completed) }
}

const remove = (bucket: Bucket, at: string) =>
  deleteObject(db, { bucket, key: at, ownerId: bucket.ownerId, condition: null })

const removeVersion = (bucket: Bucket, at: string, versionId: string) =>
  deleteVersions(db, {
    bucketId: bucket.id,
    versions: [{ key: at, versionId, mayBypassGovernance: false, condition: null }],
  })

async function play(bucket: Bucket, model: Model, { kind, ...step }: Step): Promise<void> {
  if (kind === 'enabled' || kind === 'suspended') {
    await setBucketVersioning(db, { bucketId: bucket.id, versioning: kind })
    model.versioning = kind
    return
  }
  const { key: at } = step as { key: Key }
  if (kind === 'delete-version') {
    const named = model.of(at)[(step as { place: number }).place]
    const versionId = named === undefined ? newId() : named.isNull ? 'null' : named.id
    const [answer] = await removeVersion(bucket, at, versionId)
    expect(answer).toEqual({
      outcome: named === undefined ? 'missing' : 'deleted',
      wasDeleteMarker: named?.isMarker ?? false,
    })
    model.deleteVersion(at, versionId)
  } else if (kind === 'delete') {
    await remove(bucket, at)
    const [marker] = (await readStored(bucket)).filter((each) => each.key === at && each.order === '0')
    model.delete(at, marker?.id ?? 'none')
  } else {
    const { size } = step as { size: number }
    const written = await (kind === 'put' ? put : complete)(bucket, at, size)
    expect(written.visible).toBe(model.add(at, { id: written.id, isMarker: false, size, bytes: written.bytes }))
    if (written.again) expect((await written.again()).versionId).toBe(written.visible)
  }
}

async function expectAsModelled(bucket: Bucket, model: Model): Promise<void> {
  const stored = await readStored(bucket)
  const all = KEYS.flatMap((each) => model.of(each).map((version) => ({ key: each, ...version })))
  expect(stored.map(({ order: _, ...version }) => version)).toEqual(all)
  const firsts = stored.filter((each, index) => stored[index - 1]?.key !== each.key)
  expect(stored.filter(({ order }) => order === '0')).toEqual(firsts)
  const bytes = [...model.garbage, ...all.flatMap((each) => each.bytes ?? [])]
  expect(await readGarbage(bytes)).toEqual(model.garbage)
  expect(await readUsage(db, { bucketId: bucket.id })).toMatchObject({
    objectCount: all.filter(({ isMarker }) => !isMarker).length,
    sizeBytes: all.reduce((sum, { size }) => sum + size, 0),
  })
  for (const each of KEYS) {
    const current = model.of(each)[0]
    const found = await findObject(db, { bucketName: bucket.name, key: each })
    expect(found.object?.versionId).toBe(current?.isMarker === false ? current.id : undefined)
    expect(found.deleteMarker === null).toBe(current?.isMarker !== true)
    for (const version of model.of(each)) {
      const versionId = version.isNull ? 'null' : version.id
      const named = await findObject(db, { bucketName: bucket.name, key: each, versionId })
      expect(named.object?.versionId ?? null).toBe(version.isMarker ? null : version.id)
      expect(named.deleteMarker?.versionId ?? null).toBe(version.isMarker ? versionId : null)
    }
  }
}

describe('versions', () => {
  it('are what S3 documents, for any sequence of writes, deletes and switches', async () => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }), async (steps) => {
      const bucket = await createTestBucket(db)
      const model = new Model()
      for (const each of steps) await play(await freshBucket(bucket), model, each)
      await expectAsModelled(bucket, model)
    })
    await fc.assert(property, { numRuns: 25 })
  })

  it('stay whole when many write, delete and switch at once, each with whatever it last knew of the bucket', async () => {
    for (let round = 0; round < 2; round++) await crowd({ startsAs: round % 2 ? 'enabled' : 'unversioned' })
  })
})

async function crowd({ startsAs }: { startsAs: 'enabled' | 'unversioned' }): Promise<void> {
  const bucket = await createTestBucket(db)
  const bytes: string[] = []
  const ids: string[] = []
  const stale = [bucket, { ...bucket, versioning: 'enabled' }, { ...bucket, versioning: 'suspended' }] as Bucket[]
  if (startsAs === 'enabled') await setBucketVersioning(db, { bucketId: bucket.id, versioning: 'enabled' })
  const act = async (seed: number, turn: number) => {
    // What was once versioned never looks unversioned again, but an old look at it may be under way.
    const seen = (startsAs === 'unversioned' ? bucket : stale[(seed + turn) % 3]) as Bucket
    const at = KEYS[(seed * 7 + turn) % 2] as Key
    const choice = (seed * 5 + turn * 3) % 13
    if (choice < 6) {
      const written = await (choice === 5 ? complete : put)(seen, at, 10)
      bytes.push(written.bytes)
      ids.push(written.visible ?? 'null')
    } else if (choice < 8) await remove(seen, at)
    else if (choice < 12) await removeVersion(bucket, at, ids.at(-1 - ((seed + turn) % 4)) ?? 'null')
    else if (turn > 2)
      await setBucketVersioning(db, { bucketId: bucket.id, versioning: turn % 2 ? 'enabled' : 'suspended' })
  }
  const worker = async (seed: number) => {
    for (let turn = 0; turn < 20; turn++) await act(seed, turn)
  }
  await Promise.all(Array.from({ length: 16 }, (_, seed) => worker(seed)))
  await expectWhole(bucket, bytes)
}

async function expectWhole(bucket: Bucket, bytes: string[]): Promise<void> {
  const stored = await readStored(bucket)
  for (const each of KEYS) {
    const own = stored.filter((version) => version.key === each)
    expect(own.length === 0 || own[0]?.order === '0').toBe(true)
    expect(own.filter(({ isNull }) => isNull).length).toBeLessThanOrEqual(1)
  }
  const kept = new Set(stored.flatMap((version) => version.bytes ?? []))
  expect(await readGarbage(bytes)).toEqual(new Set(bytes.filter((each) => !kept.has(each))))
  expect(await readUsage(db, { bucketId: bucket.id })).toMatchObject({
    objectCount: stored.filter(({ isMarker }) => !isMarker).length,
    sizeBytes: stored.reduce((sum, { size }) => sum + size, 0),
  })
}

describe('while another holds a key and puts a version on it', () => {
  /** Runs `work` once the other holds the key; when `work` waits for it, `meanwhile` happens and the other commits. */
  async function behindAnother(
    bucket: Bucket,
    { work, meanwhile = async () => {} }: { work: () => Promise<unknown>; meanwhile?: () => Promise<void> },
  ): Promise<{ left: string[]; newest: string }> {
    const object = testObject(bucket, 'a')
    const row = {
      ...object,
      bucketId: bucket.id,
      namespaceId: bucket.namespaceId,
      encryptionEpoch: bucket.encryptionEpoch,
      versioning: bucket.versioning,
      upload: null,
      isDeleteMarker: false,
    }
    let worked: Promise<unknown> = Promise.resolve()
    await db.transaction(async (tx) => {
      await lockKeys(tx, { bucketId: bucket.id, keys: ['a'] })
      worked = work()
      while (!(await isAnyoneWaiting())) await setImmediate()
      await meanwhile()
      await tx.queryText(commitStatement([row], 'force'))
    })
    await worked
    return { left: (await readStored(bucket)).map(({ id }) => id), newest: object.versionId }
  }

  async function isAnyoneWaiting(): Promise<boolean> {
    const text = 'select exists (select from pg_locks where not granted) as waiting'
    const [row] = await db.query<{ waiting: boolean }>({ name: 'waiting', text, values: [] })
    return row?.waiting === true
  }

  it('a delete by version id removes what it names, which is no longer current', async () => {
    const bucket = await createTestBucket(db)
    await setBucketVersioning(db, { bucketId: bucket.id, versioning: 'enabled' })
    const { id } = await put(bucket, 'a', 1)
    const { left, newest } = await behindAnother(bucket, { work: () => removeVersion(bucket, 'a', id) })
    expect(left).toEqual([newest])
  })

  it('a delete that began before the bucket was versioned removes nothing of what is', async () => {
    const bucket = await createTestBucket(db)
    const { id } = await put(bucket, 'a', 1)
    const { left, newest } = await behindAnother(bucket, {
      work: () => remove(bucket, 'a'),
      meanwhile: () => setBucketVersioning(db, { bucketId: bucket.id, versioning: 'enabled' }),
    })
    expect(left.slice(1)).toEqual([newest, id])
  })
})

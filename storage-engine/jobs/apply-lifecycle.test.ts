import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bodyOf } from '#storage-engine/body.ts'
import type { LifecycleRule } from '#storage-engine/bucket-settings.ts'
import { applyLifecycle, hasLifecycleToApply, prefixesOf } from '#storage-engine/jobs/apply-lifecycle.ts'
import { setBucketSetting, setBucketVersioning } from '#storage-engine/metadata/bucket-settings.ts'
import { type Bucket, deleteBucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { findUpload } from '#storage-engine/metadata/uploads.ts'
import type { ObjectLock, ObjectSettings } from '#storage-engine/object-settings.ts'
import { currentOf, deleteObjects } from '#storage-engine/objects/delete-objects.ts'
import { createUpload } from '#storage-engine/objects/uploads.ts'
import { writeObject } from '#storage-engine/objects/write-object.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

const signal = new AbortController().signal
const DESCRIPTION = { contentType: 'text/plain', systemHeaders: null, userMetadata: null }
const DAY_MS = 86_400_000

let test: TestEngine
let bucket: Bucket

beforeEach(async () => {
  test = await startTestEngine({ SCEAU_STORAGE_CLASSES: 'STANDARD,LUKEWARM,FROZEN' })
  bucket = await createTestBucketIn(test.engine)
})

afterEach(() => test.stop())

const run = () => applyLifecycle(test.engine, { signal })
const refresh = async () => {
  bucket = (await findBucket(test.engine.db, { name: bucket.name })) as Bucket
}

async function setRules(...rules: Partial<LifecycleRule>[]): Promise<void> {
  const whole = rules.map((rule, index) => ({
    id: `rule-${index}`,
    isEnabled: true,
    filter: { form: 'filter' as const },
    ...rule,
  }))
  await setBucketSetting(test.engine.db, { bucketId: bucket.id, name: 'lifecycle', value: { rules: whole } })
  await refresh()
}

async function setVersioning(versioning: 'enabled' | 'suspended'): Promise<void> {
  await setBucketVersioning(test.engine.db, { bucketId: bucket.id, versioning })
  await refresh()
}

async function write(
  key: string,
  {
    size = 1,
    settings = null,
    lock = null,
  }: { size?: number; settings?: ObjectSettings | null; lock?: ObjectLock | null } = {},
): Promise<void> {
  await writeObject(test.engine, {
    ...DESCRIPTION,
    bucket,
    key,
    body: bodyOf(Buffer.alloc(size)),
    ownerId: bucket.ownerId,
    contentMd5: null,
    checksum: null,
    precondition: null,
    settings,
    lock,
    encryption: { kind: 'default' },
  })
}

const remove = (key: string) =>
  deleteObjects(test.engine, { bucket, ownerId: bucket.ownerId, targets: [currentOf(key)] })

/** Makes everything older. */
async function age(days: number): Promise<void> {
  const interval = `${days} days`
  await test.engine.db.query({
    name: 'age-versions',
    text: `update object_versions set last_modified = last_modified - $1::interval`,
    values: [interval],
  })
  await test.engine.db.query({
    name: 'age-uploads',
    text: `update uploads set created_at = created_at - $1::interval`,
    values: [interval],
  })
}

/** Another day has come. */
const nextDay = () =>
  test.engine.db.query({
    name: 'day',
    text: `update lifecycle_passes set as_of = as_of - interval '1 day'`,
    values: [],
  })

/** `key`, current version first: `o` an object, `m` a marker, with its class unless it is STANDARD. */
async function versions(): Promise<Record<string, string>> {
  const rows = await test.engine.db.query<{ key: string; kind: string }>({
    name: 'all-versions',
    text: `select key, case when is_delete_marker then 'm' else 'o' end || coalesce(':' || (settings ->> 'storageClass'), '') as kind
      from object_versions where bucket_id = $1 order by key, noncurrent_order`,
    values: [bucket.id],
  })
  const found: Record<string, string> = {}
  for (const { key, kind } of rows) found[key] = found[key] === undefined ? kind : `${found[key]} ${kind}`
  return found
}

async function usage(): Promise<{ count: number; size: number }> {
  const [row] = await test.engine.db.query<{ count: number; size: number }>({
    name: 'usage',
    text: `select coalesce(sum(object_count), 0)::integer as count, coalesce(sum(size_bytes), 0)::integer as size from usage_deltas where bucket_id = $1`,
    values: [bucket.id],
  })
  return row as { count: number; size: number }
}

describe('expiration', () => {
  it('removes what is old enough and under the prefix, and gives its bytes back', async () => {
    await setRules({ filter: { form: 'prefix', prefix: 'logs/' }, expiration: { days: 3 } })
    for (const key of ['logs/a', 'logs/b', 'data/a']) await write(key, { size: 10 })
    await run()
    expect(await versions()).toEqual({ 'logs/a': 'o', 'logs/b': 'o', 'data/a': 'o' })
    await age(4)
    await write('logs/new')
    await nextDay()
    expect(await run()).toContain('2 objects expired')
    expect(await versions()).toEqual({ 'logs/new': 'o', 'data/a': 'o' })
    expect(await usage()).toEqual({ count: 2, size: 11 })
    const [garbage] = await test.engine.db.query<{ count: number }>({
      name: 'garbage',
      text: 'select count(*)::integer as count from garbage_blobs',
      values: [],
    })
    expect(garbage?.count).toBe(2)
  })

  it('waits for midnight UTC after the last day', async () => {
    await setRules({ expiration: { days: 1 } })
    await write('a')
    const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS
    const text = 'update object_versions set last_modified = $1'
    const writtenAt = (time: number) => test.engine.db.query({ name: 'written', text, values: [new Date(time)] })
    // One millisecond after yesterday's midnight: its day ends with today.
    await writtenAt(midnight - DAY_MS + 1)
    await run()
    expect(await versions()).toEqual({ a: 'o' })
    await writtenAt(midnight - DAY_MS)
    await nextDay()
    await run()
    expect(await versions()).toEqual({})
  })

  it('looks at tags and sizes, and leaves a rule alone that is off', async () => {
    await setRules(
      { expiration: { days: 1 }, filter: { form: 'filter', tags: [['keep', 'no']] } },
      { expiration: { days: 1 }, filter: { form: 'filter', sizeGreaterThan: 100 } },
      { expiration: { days: 1 }, isEnabled: false },
    )
    await write('tagged', { settings: { tags: [['keep', 'no']] } })
    await write('other', { settings: { tags: [['keep', 'yes']] } })
    await write('large', { size: 101 })
    await write('small', { size: 100 })
    await age(2)
    await run()
    expect(Object.keys(await versions())).toEqual(['other', 'small'])
  })

  it('puts a marker on top where the bucket has versioning, and a null marker where it is suspended', async () => {
    await setRules({ expiration: { days: 1 } })
    await setVersioning('enabled')
    await write('a')
    await write('a')
    await age(2)
    await run()
    expect(await versions()).toEqual({ a: 'm o o' })
    await setVersioning('suspended')
    await write('b')
    await age(2)
    await nextDay()
    await run()
    expect(await versions()).toEqual({ a: 'm o o', b: 'm' })
  })

  it('spares a version that somebody replaced after it was looked at', async () => {
    await setRules({ expiration: { days: 1 } })
    await write('a')
    await age(2)
    const { query } = test.engine.db
    test.engine.db.query = (async (statement: Parameters<typeof query>[0]) => {
      const rows = await query(statement)
      if (statement.name === 'scan-versions') await write('a', { size: 5 })
      return rows
    }) as typeof query
    expect(await run()).toContain('0 objects expired')
    test.engine.db.query = query
    expect(await versions()).toEqual({ a: 'o' })
    expect((await usage()).size).toBe(5)
  })
})

describe('noncurrent versions', () => {
  it('go when they were replaced long enough ago, but for the newest ones', async () => {
    await setVersioning('enabled')
    await setRules({ noncurrentExpiration: { days: 2, newerVersions: 2 } })
    for (let count = 0; count < 4; count++) await write('a')
    await age(5)
    await write('a')
    await nextDay()
    // Four are noncurrent; the newest of them since just now.
    await run()
    expect(await versions()).toEqual({ a: 'o o o' })
    await age(5)
    await nextDay()
    expect(await run()).toContain('0 versions removed')
    await setRules({ noncurrentExpiration: { days: 2 } })
    await run()
    expect(await versions()).toEqual({ a: 'o' })
    expect((await usage()).count).toBe(1)
  })

  it('stay while they are locked', async () => {
    await setVersioning('enabled')
    await setRules({ noncurrentExpiration: { days: 1 } })
    await write('a', { lock: { legalHold: true } })
    await write('a', { lock: { mode: 'GOVERNANCE', retainUntil: new Date(Date.now() + DAY_MS).toISOString() } })
    await write('a', { lock: { mode: 'COMPLIANCE', retainUntil: new Date(Date.now() - DAY_MS).toISOString() } })
    await write('a')
    await age(3)
    await run()
    expect(await versions()).toEqual({ a: 'o o o' })
  })
})

describe('delete markers', () => {
  it('go once they are alone and a rule says so, at once or by their age', async () => {
    await setVersioning('enabled')
    await write('at-once/a')
    await write('by-age/a')
    for (const key of ['at-once/a', 'by-age/a', 'at-once/lone', 'by-age/lone']) await remove(key)
    await setRules(
      { filter: { form: 'filter', prefix: 'at-once/' }, expiration: { expiredObjectDeleteMarker: true } },
      { filter: { form: 'filter', prefix: 'by-age/' }, expiration: { days: 2 } },
    )
    await run()
    expect(await versions()).toEqual({ 'at-once/a': 'm o', 'by-age/a': 'm o', 'by-age/lone': 'm' })
    await age(3)
    await nextDay()
    await run()
    expect(await versions()).toEqual({ 'at-once/a': 'm o', 'by-age/a': 'm o' })
    await setRules({ noncurrentExpiration: { days: 1 }, expiration: { expiredObjectDeleteMarker: true } })
    await run()
    await nextDay()
    await run()
    expect(await versions()).toEqual({})
    expect((await usage()).count).toBe(0)
  })
})

describe('transitions', () => {
  it('move current and noncurrent versions each by its own rule', async () => {
    await setVersioning('enabled')
    await setRules({
      transitions: [
        { days: 1, storageClass: 'LUKEWARM' },
        { days: 5, storageClass: 'FROZEN' },
      ],
      noncurrentTransitions: [{ days: 2, storageClass: 'FROZEN' }],
    })
    await write('a', { settings: { tags: [['k', 'v']] } })
    await write('a')
    await write('b', { settings: { storageClass: 'FROZEN' } })
    await age(2)
    await run()
    expect(await versions()).toEqual({ a: 'o:LUKEWARM o', b: 'o:LUKEWARM' })
    await age(4)
    await nextDay()
    expect(await run()).toContain('3 versions moved')
    expect(await versions()).toEqual({ a: 'o:FROZEN o:FROZEN', b: 'o:FROZEN' })
    const [tagged] = await test.engine.db.query<{ tags: unknown }>({
      name: 'tags',
      text: `select settings -> 'tags' as tags from object_versions where noncurrent_order > 0`,
      values: [],
    })
    expect(tagged?.tags).toEqual([['k', 'v']])
    await setRules({ transitions: [{ days: 0, storageClass: 'STANDARD' }] })
    await run()
    expect(await versions()).toEqual({ a: 'o o:FROZEN', b: 'o' })
  })

  it('give way to an end', async () => {
    await setRules({ transitions: [{ days: 1, storageClass: 'LUKEWARM' }] }, { expiration: { days: 1 } })
    await write('a')
    await age(2)
    await run()
    expect(await versions()).toEqual({})
  })
})

describe('uploads', () => {
  it('are aborted by rules for their keys', async () => {
    await setRules({ abortUploadsAfterDays: 2, filter: { form: 'filter', prefix: 'u/' } })
    const open = (key: string) =>
      createUpload(test.engine, {
        ...DESCRIPTION,
        bucket,
        key,
        ownerId: bucket.ownerId,
        initiatorId: bucket.ownerId,
        checksum: null,
        settings: null,
        lock: null,
        encryption: { kind: 'default' },
      })
    const [mine, other] = [await open('u/a'), await open('a')]
    await run()
    await age(3)
    const young = await open('u/b')
    await nextDay()
    expect(await run()).toContain('1 uploads aborted')
    const stateOf = async (key: string, uploadId: string) =>
      (await findUpload(test.engine.db, { bucketId: bucket.id, key, uploadId }))?.state
    expect(await stateOf('u/a', mine.uploadId)).toBe('aborted')
    expect(await stateOf('a', other.uploadId)).toBe('open')
    expect(await stateOf('u/b', young.uploadId)).toBe('open')
  })
})

describe('a pass', () => {
  it('comes once a day, and once more when the rules change', async () => {
    expect(await hasLifecycleToApply(test.engine)).toBe(false)
    await setRules({ expiration: { days: 1 } })
    expect(await hasLifecycleToApply(test.engine)).toBe(true)
    await run()
    expect(await hasLifecycleToApply(test.engine)).toBe(false)
    await nextDay()
    expect(await hasLifecycleToApply(test.engine)).toBe(true)
    await run()
    await setBucketSetting(test.engine.db, { bucketId: bucket.id, name: 'payer', value: 'Requester' })
    expect(await hasLifecycleToApply(test.engine)).toBe(false)
    await setRules({ expiration: { days: 2 } })
    expect(await hasLifecycleToApply(test.engine)).toBe(true)
  })

  it('is forgotten with its bucket', async () => {
    await setRules({ expiration: { days: 1 } })
    await run()
    await deleteBucket(test.engine.db, { namespaceId: bucket.namespaceId, bucketId: bucket.id })
    expect(
      await test.engine.db.query({ name: 'passes', text: 'select key from lifecycle_passes', values: [] }),
    ).toEqual([])
  })

  it('knows each version of a key that fills pages, and goes on where it was interrupted', async () => {
    await setVersioning('enabled')
    await setRules({ noncurrentExpiration: { days: 1, newerVersions: 1_500 } })
    await write('a')
    await write('b')
    await write('z')
    // 2,500 noncurrent versions of b, by the shortest way.
    await test.engine.db.query({
      name: 'many-versions',
      text: `
insert into object_versions (bucket_id, key, noncurrent_order, version_id, is_null, is_delete_marker, owner_id, size, sealed_size, etag, last_modified, content_type)
select $1, 'b', n, gen_random_uuid(), false, true, $2, 0, 0, '', now() - interval '9 days', '' from generate_series(1, 2500) n`,
      values: [bucket.id, bucket.ownerId],
    })
    await age(3)
    const stop = new AbortController()
    const { query } = test.engine.db
    let scanCount = 0
    test.engine.db.query = (async (statement: Parameters<typeof query>[0]) => {
      if (statement.name === 'scan-versions' && ++scanCount === 2) stop.abort()
      return query(statement)
    }) as typeof query
    await applyLifecycle(test.engine, { signal: stop.signal })
    test.engine.db.query = query
    expect(await hasLifecycleToApply(test.engine)).toBe(true)
    await run()
    const counts = Object.entries(await versions()).map(([key, kinds]) => [key, kinds.split(' ').length])
    expect(counts).toEqual([
      ['a', 1],
      ['b', 1_501],
      ['z', 1],
    ])
    expect(await hasLifecycleToApply(test.engine)).toBe(false)
  })

  it('reads only where prefixes lead, each key once', () => {
    const rule = (prefix: string, isEnabled = true) => ({
      id: prefix,
      isEnabled,
      filter: { form: 'filter' as const, prefix },
    })
    expect(
      prefixesOf({ rules: [rule('b/'), rule('a/b'), rule('a/'), rule('c', false), rule('é'), rule('z')] }),
    ).toEqual(['a/', 'b/', 'z', 'é'])
    expect(prefixesOf({ rules: [rule('b/'), rule('')] })).toEqual([''])
  })
})

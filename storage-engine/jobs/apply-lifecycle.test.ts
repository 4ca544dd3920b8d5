import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { applyLifecycle } from '#storage-engine/jobs/apply-lifecycle.ts'
import { findUpload } from '#storage-engine/metadata/uploads.ts'
import { createUpload } from '#storage-engine/objects/uploads.ts'
import { startTestLifecycle, type TestLifecycle } from '#storage-engine/testing/start-test-lifecycle.ts'

const DESCRIPTION = { contentType: 'text/plain', systemHeaders: null, userMetadata: null }
const DAY_MS = 86_400_000
const signal = new AbortController().signal
let lifecycle: TestLifecycle

beforeEach(async () => {
  lifecycle = await startTestLifecycle()
})

afterEach(() => lifecycle.stop())

const engine = () => lifecycle.engine
const run = () => applyLifecycle(engine(), { signal })

async function usage(): Promise<{ count: number; size: number }> {
  const [row] = await engine().db.query<{ count: number; size: number }>({
    name: 'usage',
    text: `select coalesce(sum(object_count), 0)::integer as count, coalesce(sum(size_bytes), 0)::integer as size from usage_deltas where bucket_id = $1`,
    values: [lifecycle.bucket().id],
  })
  return row as { count: number; size: number }
}

describe('expiration', () => {
  it('removes what is old enough and under the prefix, and gives its bytes back', async () => {
    await lifecycle.setRules({ filter: { form: 'prefix', prefix: 'logs/' }, expiration: { days: 3 } })
    for (const key of ['logs/a', 'logs/b', 'data/a']) await lifecycle.write(key, { size: 10 })
    await run()
    expect(await lifecycle.versions()).toEqual({ 'logs/a': 'o', 'logs/b': 'o', 'data/a': 'o' })
    await lifecycle.age(4)
    await lifecycle.write('logs/new')
    await lifecycle.nextDay()
    expect(await run()).toContain('2 objects expired')
    expect(await lifecycle.versions()).toEqual({ 'logs/new': 'o', 'data/a': 'o' })
    expect(await usage()).toEqual({ count: 2, size: 11 })
    const [garbage] = await engine().db.query<{ count: number }>({
      name: 'garbage',
      text: 'select count(*)::integer as count from garbage_blobs',
      values: [],
    })
    expect(garbage?.count).toBe(2)
  })

  it('waits for midnight UTC after the last day', async () => {
    await lifecycle.setRules({ expiration: { days: 1 } })
    await lifecycle.write('a')
    const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS
    const text = 'update object_versions set last_modified = $1'
    const writtenAt = (time: number) => engine().db.query({ name: 'written', text, values: [new Date(time)] })
    // One millisecond after yesterday's midnight: its day ends with today.
    await writtenAt(midnight - DAY_MS + 1)
    await run()
    expect(await lifecycle.versions()).toEqual({ a: 'o' })
    await writtenAt(midnight - DAY_MS)
    await lifecycle.nextDay()
    await run()
    expect(await lifecycle.versions()).toEqual({})
  })

  it('looks at tags and sizes, and leaves a rule alone that is off', async () => {
    await lifecycle.setRules(
      { expiration: { days: 1 }, filter: { form: 'filter', tags: [['keep', 'no']] } },
      { expiration: { days: 1 }, filter: { form: 'filter', sizeGreaterThan: 100 } },
      { expiration: { days: 1 }, isEnabled: false },
    )
    await lifecycle.write('tagged', { settings: { tags: [['keep', 'no']] } })
    await lifecycle.write('other', { settings: { tags: [['keep', 'yes']] } })
    await lifecycle.write('large', { size: 101 })
    await lifecycle.write('small', { size: 100 })
    await lifecycle.age(2)
    await run()
    expect(Object.keys(await lifecycle.versions())).toEqual(['other', 'small'])
  })

  it('puts a marker on top where the bucket has versioning, and a null marker where it is suspended', async () => {
    await lifecycle.setRules({ expiration: { days: 1 } })
    await lifecycle.setVersioning('enabled')
    await lifecycle.write('a')
    await lifecycle.write('a')
    await lifecycle.age(2)
    await run()
    expect(await lifecycle.versions()).toEqual({ a: 'm o o' })
    await lifecycle.setVersioning('suspended')
    await lifecycle.write('b')
    await lifecycle.age(2)
    await lifecycle.nextDay()
    await run()
    expect(await lifecycle.versions()).toEqual({ a: 'm o o', b: 'm' })
  })

  it('spares a version that somebody replaced after it was looked at', async () => {
    await lifecycle.setRules({ expiration: { days: 1 } })
    await lifecycle.write('a')
    await lifecycle.age(2)
    const { query } = engine().db
    engine().db.query = (async (statement: Parameters<typeof query>[0]) => {
      const rows = await query(statement)
      if (statement.name === 'scan-versions') await lifecycle.write('a', { size: 5 })
      return rows
    }) as typeof query
    expect(await run()).toContain('0 objects expired')
    engine().db.query = query
    expect(await lifecycle.versions()).toEqual({ a: 'o' })
    expect((await usage()).size).toBe(5)
  })
})

describe('noncurrent versions', () => {
  it('go when they were replaced long enough ago, but for the newest ones', async () => {
    await lifecycle.setVersioning('enabled')
    await lifecycle.setRules({ noncurrentExpiration: { days: 2, newerVersions: 2 } })
    for (let count = 0; count < 4; count++) await lifecycle.write('a')
    await lifecycle.age(5)
    await lifecycle.write('a')
    await lifecycle.nextDay()
    // Four are noncurrent; the newest of them since just now.
    await run()
    expect(await lifecycle.versions()).toEqual({ a: 'o o o' })
    await lifecycle.age(5)
    await lifecycle.nextDay()
    expect(await run()).toContain('0 versions removed')
    await lifecycle.setRules({ noncurrentExpiration: { days: 2 } })
    await run()
    expect(await lifecycle.versions()).toEqual({ a: 'o' })
    expect((await usage()).count).toBe(1)
  })

  it('stay while they are locked', async () => {
    await lifecycle.setVersioning('enabled')
    await lifecycle.setRules({ noncurrentExpiration: { days: 1 } })
    await lifecycle.write('a', { lock: { legalHold: true } })
    await lifecycle.write('a', {
      lock: { mode: 'GOVERNANCE', retainUntil: new Date(Date.now() + DAY_MS).toISOString() },
    })
    await lifecycle.write('a', {
      lock: { mode: 'COMPLIANCE', retainUntil: new Date(Date.now() - DAY_MS).toISOString() },
    })
    await lifecycle.write('a')
    await lifecycle.age(3)
    await run()
    expect(await lifecycle.versions()).toEqual({ a: 'o o o' })
  })
})

describe('delete markers', () => {
  it('go once they are alone and a rule says so, at once or by their age', async () => {
    await lifecycle.setVersioning('enabled')
    await lifecycle.write('at-once/a')
    await lifecycle.write('by-age/a')
    for (const key of ['at-once/a', 'by-age/a', 'at-once/lone', 'by-age/lone']) await lifecycle.remove(key)
    await lifecycle.setRules(
      { filter: { form: 'filter', prefix: 'at-once/' }, expiration: { expiredObjectDeleteMarker: true } },
      { filter: { form: 'filter', prefix: 'by-age/' }, expiration: { days: 2 } },
    )
    await run()
    expect(await lifecycle.versions()).toEqual({ 'at-once/a': 'm o', 'by-age/a': 'm o', 'by-age/lone': 'm' })
    await lifecycle.age(3)
    await lifecycle.nextDay()
    await run()
    expect(await lifecycle.versions()).toEqual({ 'at-once/a': 'm o', 'by-age/a': 'm o' })
    await lifecycle.setRules({ noncurrentExpiration: { days: 1 }, expiration: { expiredObjectDeleteMarker: true } })
    await run()
    await lifecycle.nextDay()
    await run()
    expect(await lifecycle.versions()).toEqual({})
    expect((await usage()).count).toBe(0)
  })
})

describe('transitions', () => {
  it('move current and noncurrent versions each by its own rule', async () => {
    await lifecycle.setVersioning('enabled')
    await lifecycle.setRules({
      transitions: [
        { days: 1, storageClass: 'LUKEWARM' },
        { days: 5, storageClass: 'FROZEN' },
      ],
      noncurrentTransitions: [{ days: 2, storageClass: 'FROZEN' }],
    })
    await lifecycle.write('a', { settings: { tags: [['k', 'v']] } })
    await lifecycle.write('a')
    await lifecycle.write('b', { settings: { storageClass: 'FROZEN' } })
    await lifecycle.age(2)
    await run()
    expect(await lifecycle.versions()).toEqual({ a: 'o:LUKEWARM o', b: 'o:LUKEWARM' })
    await lifecycle.age(4)
    await lifecycle.nextDay()
    expect(await run()).toContain('3 versions moved')
    expect(await lifecycle.versions()).toEqual({ a: 'o:FROZEN o:FROZEN', b: 'o:FROZEN' })
    const [tagged] = await engine().db.query<{ tags: unknown }>({
      name: 'tags',
      text: `select settings -> 'tags' as tags from object_versions where noncurrent_order > 0`,
      values: [],
    })
    expect(tagged?.tags).toEqual([['k', 'v']])
    await lifecycle.setRules({ transitions: [{ days: 0, storageClass: 'STANDARD' }] })
    await run()
    expect(await lifecycle.versions()).toEqual({ a: 'o o:FROZEN', b: 'o' })
  })

  it('give way to an end', async () => {
    await lifecycle.setRules({ transitions: [{ days: 1, storageClass: 'LUKEWARM' }] }, { expiration: { days: 1 } })
    await lifecycle.write('a')
    await lifecycle.age(2)
    await run()
    expect(await lifecycle.versions()).toEqual({})
  })
})

describe('uploads', () => {
  it('are aborted by rules for their keys', async () => {
    await lifecycle.setRules({ abortUploadsAfterDays: 2, filter: { form: 'filter', prefix: 'u/' } })
    const open = (key: string) =>
      createUpload(engine(), {
        ...DESCRIPTION,
        bucket: lifecycle.bucket(),
        key,
        ownerId: lifecycle.bucket().ownerId,
        initiatorId: lifecycle.bucket().ownerId,
        checksum: null,
        settings: null,
        lock: null,
        encryption: { kind: 'default' },
      })
    const [mine, other] = [await open('u/a'), await open('a')]
    await run()
    await lifecycle.age(3)
    const young = await open('u/b')
    await lifecycle.nextDay()
    expect(await run()).toContain('1 uploads aborted')
    const stateOf = async (key: string, uploadId: string) =>
      (await findUpload(engine().db, { bucketId: lifecycle.bucket().id, key, uploadId }))?.state
    expect(await stateOf('u/a', mine.uploadId)).toBe('aborted')
    expect(await stateOf('a', other.uploadId)).toBe('open')
    expect(await stateOf('u/b', young.uploadId)).toBe('open')
  })
})

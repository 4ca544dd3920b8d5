import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkNotification } from '#storage-engine/buckets/check-notification.ts'
import { applyLifecycle, hasLifecycleToApply, prefixesOf } from '#storage-engine/jobs/apply-lifecycle.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { deleteBucket } from '#storage-engine/metadata/buckets.ts'
import { webhookArn } from '#storage-engine/namespaces/webhook-arn.ts'
import { startTestLifecycle, type TestLifecycle } from '#storage-engine/testing/start-test-lifecycle.ts'

const signal = new AbortController().signal
let lifecycle: TestLifecycle

beforeEach(async () => {
  lifecycle = await startTestLifecycle()
})

afterEach(() => lifecycle.stop())

const engine = () => lifecycle.engine
const run = () => applyLifecycle(engine(), { signal })

describe('events', () => {
  async function notify(): Promise<void> {
    const arn = webhookArn({
      kind: 'topic',
      region: 'us-east-1',
      namespaceName: lifecycle.bucket().namespaceName,
      name: 'hook',
    })
    const events = ['s3:LifecycleExpiration:*', 's3:LifecycleTransition']
    const value = checkNotification(lifecycle.bucket(), [{ id: 'c', kind: 'topic', arn, events }])
    await setBucketSetting(engine().db, { bucketId: lifecycle.bucket().id, name: 'notification', value })
    await lifecycle.refresh()
  }

  const noted = () =>
    engine().db.query<{ name: string; key: string; isNamed: boolean; details: object }>({
      name: 'noted',
      text: `select event_name as name, key, version_id is not null as "isNamed", details from events order by key, id`,
      values: [],
    })

  it('are noted for what a rule ends and moves', async () => {
    await lifecycle.setRules(
      { expiration: { days: 1 }, filter: { form: 'filter', prefix: 'old/' } },
      { transitions: [{ days: 1, storageClass: 'FROZEN' }], filter: { form: 'filter', prefix: 'cold/' } },
      { noncurrentExpiration: { days: 1 }, filter: { form: 'filter', prefix: 'v' } },
    )
    await notify()
    for (const key of ['old/a', 'cold/a']) await lifecycle.write(key)
    await lifecycle.age(3)
    await run()
    const first = await noted()
    expect(first.map(({ name, key, isNamed }) => [name, key, isNamed])).toEqual([
      ['LifecycleTransition', 'cold/a', false],
      ['LifecycleExpiration:Delete', 'old/a', false],
    ])
    expect(first[0]?.details).toMatchObject({
      principalId: 's3.amazonaws.com',
      extra: { lifecycleEventData: { transitionEventData: { destinationStorageClass: 'FROZEN' } } },
    })
    await lifecycle.setVersioning('enabled')
    for (const key of ['old/b', 'v', 'v']) await lifecycle.write(key)
    await lifecycle.age(3)
    await lifecycle.nextDay()
    await run()
    expect((await noted()).map(({ name, key, isNamed }) => [name, key, isNamed])).toEqual([
      ['LifecycleTransition', 'cold/a', false],
      ['LifecycleExpiration:Delete', 'old/a', false],
      ['LifecycleExpiration:DeleteMarkerCreated', 'old/b', true],
      ['LifecycleExpiration:Delete', 'v', true],
    ])
  })
})

describe('a pass', () => {
  it('comes once a day, and once more when the rules change', async () => {
    expect(await hasLifecycleToApply(engine())).toBe(false)
    await lifecycle.setRules({ expiration: { days: 1 } })
    expect(await hasLifecycleToApply(engine())).toBe(true)
    await run()
    expect(await hasLifecycleToApply(engine())).toBe(false)
    await lifecycle.nextDay()
    expect(await hasLifecycleToApply(engine())).toBe(true)
    await run()
    await setBucketSetting(engine().db, { bucketId: lifecycle.bucket().id, name: 'payer', value: 'Requester' })
    expect(await hasLifecycleToApply(engine())).toBe(false)
    await lifecycle.setRules({ expiration: { days: 2 } })
    expect(await hasLifecycleToApply(engine())).toBe(true)
  })

  it('is forgotten with its bucket', async () => {
    await lifecycle.setRules({ expiration: { days: 1 } })
    await run()
    await deleteBucket(engine().db, { namespaceId: lifecycle.bucket().namespaceId, bucketId: lifecycle.bucket().id })
    expect(await engine().db.query({ name: 'passes', text: 'select key from lifecycle_passes', values: [] })).toEqual(
      [],
    )
  })

  it('knows each version of a key that fills pages, and goes on where it was interrupted', async () => {
    await lifecycle.setVersioning('enabled')
    await lifecycle.setRules({ noncurrentExpiration: { days: 1, newerVersions: 1_500 } })
    await lifecycle.write('a')
    await lifecycle.write('b')
    await lifecycle.write('z')
    // 2,500 noncurrent versions of b, by the shortest way.
    await engine().db.query({
      name: 'many-versions',
      text: `
insert into object_versions (bucket_id, key, noncurrent_order, version_id, is_null, is_delete_marker, owner_id, size, sealed_size, etag, last_modified, content_type)
select $1, 'b', n, gen_random_uuid(), false, true, $2, 0, 0, '', now() - interval '9 days', '' from generate_series(1, 2500) n`,
      values: [lifecycle.bucket().id, lifecycle.bucket().ownerId],
    })
    await lifecycle.age(3)
    const stop = new AbortController()
    const { query } = engine().db
    let scanCount = 0
    engine().db.query = (async (statement: Parameters<typeof query>[0]) => {
      if (statement.name === 'scan-versions' && ++scanCount === 2) stop.abort()
      return query(statement)
    }) as typeof query
    await applyLifecycle(engine(), { signal: stop.signal })
    engine().db.query = query
    expect(await hasLifecycleToApply(engine())).toBe(true)
    await run()
    const counts = Object.entries(await lifecycle.versions()).map(([key, kinds]) => [key, kinds.split(' ').length])
    expect(counts).toEqual([
      ['a', 1],
      ['b', 1_501],
      ['z', 1],
    ])
    expect(await hasLifecycleToApply(engine())).toBe(false)
  })

  it('ends where the rules are changed while it runs', async () => {
    await lifecycle.setRules({ expiration: { days: 1 } })
    for (const key of ['a', 'b']) await lifecycle.write(key)
    await lifecycle.age(3)
    const { query } = engine().db
    engine().db.query = (async (statement: Parameters<typeof query>[0]) => {
      if (statement.name === 'open-lifecycle-pass') {
        const rows = await query(statement)
        await lifecycle.setRules({ expiration: { days: 9 } })
        return rows
      }
      return query(statement)
    }) as typeof query
    await run()
    engine().db.query = query
    expect(Object.keys(await lifecycle.versions())).toEqual(['a', 'b'])
    expect(await hasLifecycleToApply(engine())).toBe(true)
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

import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { BucketSettings, LoggingConfiguration } from '#storage-engine/bucket-settings.ts'
import { createBucket } from '#storage-engine/buckets/create-bucket.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { deliverLogs, hasLogsToDeliver } from '#storage-engine/jobs/deliver-logs.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { pageDueEvents } from '#storage-engine/metadata/events.ts'
import { insertLogRecords } from '#storage-engine/metadata/log-records.ts'
import { findObject, type ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { readObject } from '#storage-engine/objects/read-object.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

const signal = new AbortController().signal
const LOG_DELIVERY = { kind: 'group', group: 'LogDelivery' } as const

let test: TestEngine
let source: Bucket
let target: Bucket

beforeAll(async () => {
  test = await startTestEngine()
})

afterAll(() => test.stop())

beforeEach(async () => {
  source = await createTestBucketIn(test.engine)
  target = await createTarget()
})

afterEach(() => void vi.restoreAllMocks())

async function createTarget(region = 'us-east-1', of: Bucket = source): Promise<Bucket> {
  const { namespaceId, ownerId } = of
  const name = `logs-${crypto.randomUUID()}`
  const made = await createBucket(test.engine, { namespaceId, ownerId, name, region })
  return set(made, { acl: [{ grantee: LOG_DELIVERY, permission: 'FULL_CONTROL' }] })
}

async function set(bucket: Bucket, settings: BucketSettings): Promise<Bucket> {
  const { db } = test.engine
  for (const [name, value] of Object.entries(settings)) {
    await setBucketSetting(db, { bucketId: bucket.id, name: name as 'acl', value })
  }
  return (await findBucket(db, { name: bucket.name })) as Bucket
}

async function record(lines: string[], more: Partial<LoggingConfiguration> = {}, day = '2026-11-22') {
  const { namespaceId, id: bucketId, name: bucketName, ownerId: bucketOwnerId, region } = source
  const logging = { targetBucket: target.name, targetPrefix: 'log/', ...more }
  const group = { namespaceId, bucketId, bucketName, bucketOwnerId, region, logging, day }
  await insertLogRecords(test.engine.db, [
    { ...group, recordCount: lines.length, lines: lines.map((line) => `${line}\n`).join('') },
  ])
}

const run = () => deliverLogs(test.engine, { signal })

async function keysIn(bucket: Bucket): Promise<string[]> {
  const rows = await test.engine.db.query<{ key: string }>({
    name: 'keys',
    text: 'select key from object_versions where bucket_id = $1 order by key',
    values: [bucket.id],
  })
  return rows.map(({ key }) => key)
}

async function read(bucket: Bucket, key: string): Promise<{ object: ObjectVersion; content: string }> {
  const found = await findObject(test.engine.db, { bucketName: bucket.name, key })
  const object = found.object as ObjectVersion
  return { object, content: await text(readObject(test.engine, { bucket, object, range: null, customerKey: null })) }
}

describe('a delivery', () => {
  it('brings together what was recorded, in order, sealed, and owned by the owner of the target', async () => {
    await record(['a', 'b'])
    await record(['c "x" \\'])
    expect(await hasLogsToDeliver(test.engine)).toBe(true)
    expect(await run()).toBe('3 log records delivered in 1 objects, 0 dropped')
    expect(await hasLogsToDeliver(test.engine)).toBe(false)
    const [key, ...others] = await keysIn(target)
    expect(others).toEqual([])
    expect(key).toMatch(/^log\/\d{4}(-\d\d){5}-[0-9A-F]{16}$/)
    const { object, content } = await read(target, key as string)
    expect(content).toBe('a\nb\nc "x" \\\n')
    expect(object).toMatchObject({ ownerId: target.ownerId, contentType: 'text/plain', settings: null })
  })

  it('keeps days and targets apart, and names the day of the requests when asked to', async () => {
    const keyFormat = 'partitioned-event-time'
    await record(['a'], { keyFormat }, '2026-01-02')
    await record(['b'], { keyFormat }, '2026-01-03')
    await record(['c'], { keyFormat, targetPrefix: '' }, '2026-01-03')
    await run()
    const [{ accountId }] = (await test.engine.db.query<{ accountId: string }>({
      name: 'account',
      text: 'select account_id as "accountId" from namespaces where id = $1',
      values: [source.namespaceId],
    })) as [{ accountId: string }]
    const folder = `${accountId}/us-east-1/${source.name}/2026/01`
    const keys = (await keysIn(target)).map((key) => key.slice(0, -17))
    expect(keys).toEqual([
      `${folder}/03/2026-01-03-00-00-00`,
      `log/${folder}/02/2026-01-02-00-00-00`,
      `log/${folder}/03/2026-01-03-00-00-00`,
    ])
  })

  it('names the moment of the delivery in a partition by delivery time', async () => {
    await record(['a'], { keyFormat: 'partitioned-delivery-time' }, '2020-01-02')
    await run()
    const today = new Date().toISOString().slice(0, 10)
    expect((await keysIn(target))[0]).toContain(`/${today.replaceAll('-', '/')}/${today}-`)
  })

  it('gives grantees what the configuration grants on logs', async () => {
    const grant = { grantee: { kind: 'group', group: 'AuthenticatedUsers' }, permission: 'READ' } as const
    await record(['a'], { targetGrants: [grant] })
    await run()
    const own = { grantee: { kind: 'user', id: target.ownerId }, permission: 'FULL_CONTROL' }
    expect((await read(target, (await keysIn(target))[0] as string)).object.settings).toEqual({ acl: [own, grant] })
  })

  it('is an event in the target', async () => {
    const arn = 'arn:aws:sns:us-east-1:acme:hook'
    await set(target, {
      notification: { targets: [{ id: 'c', kind: 'topic', arn, events: ['s3:ObjectCreated:Put'] }] },
    })
    await record(['a'])
    await run()
    const [event] = await pageDueEvents(test.engine.db, { limit: 1 })
    expect(event).toMatchObject({ eventName: 'ObjectCreated:Put', key: (await keysIn(target))[0], size: 2 })
    expect(event?.details.principalId).toBe('logging.s3.amazonaws.com')
  })

  it('divides what is too much for one object', async () => {
    await record(['x'.repeat(5_000_000)])
    await record(['y'.repeat(5_000_000)])
    expect(await run()).toContain('2 log records delivered in 2 objects')
  })
})

describe('records are dropped', () => {
  it.each<[string, () => Promise<unknown>]>([
    [
      'is gone',
      () => test.engine.db.query({ name: 'gone', text: 'delete from buckets where id = $1', values: [target.id] }),
    ],
    ['lets the service in no more', () => set(target, { acl: [] })],
    [
      'got another owner',
      async () => {
        target = await createTarget('us-east-1', await createTestBucketIn(test.engine))
      },
    ],
    [
      'is elsewhere',
      async () => {
        target = await createTarget('eu-west-1')
      },
    ],
    ['makes requesters pay', () => set(target, { payer: 'Requester' })],
  ])('when the target %s', async (_name, change) => {
    await change()
    await record(['a', 'b'])
    expect(await run()).toBe('0 log records delivered in 0 objects, 2 dropped')
    expect(await hasLogsToDeliver(test.engine)).toBe(false)
  })

  it('only after a day when they could not be written, without holding up those of others', async () => {
    const create = vi.spyOn(test.engine.blobs, 'create')
    const failOnce = () =>
      create.mockImplementationOnce(() => {
        throw new StorageError('InsufficientStorage')
      })
    failOnce()
    await record(['a'])
    const other = source
    source = await createTestBucketIn(test.engine)
    target = await createTarget()
    await record(['b'])
    expect(await run()).toBe('1 log records delivered in 1 objects, 0 dropped')
    expect(await keysIn(target)).toHaveLength(1)
    expect(await hasLogsToDeliver(test.engine)).toBe(true)
    expect(other.id).not.toBe(source.id)
    const text = "update log_records set created_at = now() - interval '25 hours'"
    await test.engine.db.query({ name: 'age', text, values: [] })
    failOnce()
    expect(await run()).toBe('0 log records delivered in 0 objects, 1 dropped')
  })
})

import { createHmac } from 'node:crypto'
import net from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { checkNotification } from '#storage-engine/buckets/check-notification.ts'
import { setNotification } from '#storage-engine/buckets/set-notification.ts'
import { deliverEvents, hasEventsToDeliver, pauseAfter } from '#storage-engine/jobs/deliver-events.ts'
import { forgetDeliveries } from '#storage-engine/jobs/forget-deliveries.ts'
import { getRootObjectUser } from '#storage-engine/metadata/accounts.ts'
import { setBucketVersioning } from '#storage-engine/metadata/bucket-settings.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { insertEvent, listDeliveries, pageDueEvents, reviveEvents } from '#storage-engine/metadata/events.ts'
import { webhookArn } from '#storage-engine/namespaces/webhook-arn.ts'
import { registerWebhook } from '#storage-engine/namespaces/webhooks.ts'
import { type EventName, pendingEvents } from '#storage-engine/objects/object-event.ts'
import { startTestWebhook, type TestWebhook } from '#storage-engine/testing/start-test-webhook.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

const signal = new AbortController().signal
const ORIGIN = { principalId: 'AWS:someone', sourceIp: '192.0.2.1', requestId: 'REQUEST' }

let test: TestEngine
let webhook: TestWebhook
let bucket: Bucket
let secret: string

beforeEach(async () => {
  test = await startTestEngine({ SCEAU_WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.1' })
  webhook = await startTestWebhook()
  ;({ bucket, secret } = await subscribe('hook', webhook.url))
})

afterEach(async () => {
  await webhook.stop()
  await test.stop()
})

/** A bucket in a namespace of its own, whose new objects a webhook hears of. */
async function subscribe(name: string, url: string): Promise<{ bucket: Bucket; secret: string }> {
  const { engine } = test
  const made = await createTestBucketIn(engine)
  const { namespaceId, namespaceName } = made
  const registered = await registerWebhook(engine, { namespaceId, name, url })
  const arn = webhookArn({ kind: 'topic', region: 'us-east-1', namespaceName, name })
  const configuration = checkNotification(made, [{ id: 'c', kind: 'topic', arn, events: ['s3:ObjectCreated:*'] }])
  await setNotification(engine, { bucket: made, configuration, isTrusted: false, origin: ORIGIN })
  return { bucket: (await findBucket(engine.db, { name: made.name })) as Bucket, secret: registered.secret }
}

async function happen(key: string, name: EventName = 'ObjectCreated:Put', on = bucket): Promise<void> {
  const pending = pendingEvents(on, { key, names: [name], origin: ORIGIN })
  if (pending === null) return
  const { id: bucketId } = on
  await insertEvent(test.engine.db, {
    bucketId,
    key,
    name,
    pending,
    versionId: 'v1',
    size: 3,
    etag: 'abc',
  })
}

const keysReceived = () =>
  webhook.received.flatMap(({ body }) =>
    (JSON.parse(body).Records ?? []).map((record: never) => record['s3']['object']['key']),
  )
const run = () => deliverEvents(test.engine, { signal })
const range = (count: number) => Array.from({ length: count }, (_, index) => count - index)
const makeDue = () =>
  test.engine.db.query({ name: 'due', text: `update events set due_at = now() - interval '1 minute'`, values: [] })
const log = ({ namespaceId }: { namespaceId: string } = bucket) =>
  listDeliveries(test.engine.db, { namespaceId, beforeId: null, limit: 100 })

/** Takes connections and says nothing. */
async function startSilentServer() {
  const sockets: net.Socket[] = []
  const server = net.createServer((socket) => sockets.push(socket.on('error', () => {})))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/`,
    sockets,
    stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

describe('deliveries', () => {
  it("begin with S3's test event, then bring each record, signed", async () => {
    // Only events of one key have an order: the configuration's own must be out before the object's comes.
    await run()
    await setBucketVersioning(test.engine.db, { bucketId: bucket.id, versioning: 'enabled' })
    await happen('a folder/ü+1')
    await run()
    const { canonicalId } = await getRootObjectUser(test.engine.db, { namespaceId: bucket.namespaceId })
    const [first, second] = webhook.received
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      Service: 'Amazon S3',
      Event: 's3:TestEvent',
      Bucket: bucket.name,
      RequestId: 'REQUEST',
    })
    const { Records } = JSON.parse(second?.body ?? '')
    expect(Records).toEqual([
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: 'us-east-1',
        eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        eventName: 'ObjectCreated:Put',
        userIdentity: { principalId: 'AWS:someone' },
        requestParameters: { sourceIPAddress: '192.0.2.1' },
        responseElements: { 'x-amz-request-id': 'REQUEST', 'x-amz-id-2': 'REQUEST' },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'c',
          bucket: {
            name: bucket.name,
            ownerIdentity: { principalId: canonicalId },
            arn: `arn:aws:s3:::${bucket.name}`,
          },
          object: {
            key: 'a+folder/%C3%BC%2B1',
            size: 3,
            eTag: 'abc',
            versionId: 'v1',
            sequencer: expect.stringMatching(/^[0-9A-F]{16}$/),
          },
        },
      },
    ])
    const { 'x-sceau-timestamp': timestamp, 'x-sceau-signature': signature } = second?.headers ?? {}
    const expected = createHmac('sha256', secret).update(`${timestamp}.${second?.body}`).digest('hex')
    expect(signature).toBe(`sha256=${expected}`)
    expect(await hasEventsToDeliver(test.engine)).toBe(false)
  })

  it('are for what the configuration asks for only', async () => {
    await happen('a', 'ObjectRemoved:Delete')
    await run()
    expect(keysReceived()).toEqual([])
  })

  it('are tried again after a failure, in order of the key, while other keys go on', async () => {
    await run()
    webhook.answer(503)
    await happen('a')
    await happen('a')
    await run()
    webhook.answer(200)
    await happen('b')
    await run()
    expect(keysReceived()).toEqual(['a', 'b'])
    expect(await pageDueEvents(test.engine.db, { limit: 10 })).toEqual([])
    await makeDue()
    await run()
    expect(keysReceived()).toEqual(['a', 'b', 'a', 'a'])
    const sequencers = webhook.received
      .flatMap(({ body }) => JSON.parse(body).Records ?? [])
      .filter((record) => record.s3.object.key === 'a')
      .map((record) => record.s3.object.sequencer)
    expect([...sequencers].sort()).toEqual(sequencers)
    const failure = (await log()).find(({ error }) => error !== null)
    expect(failure).toMatchObject({ status: 503, error: 'answered 503', attempt: 1, key: 'a' })
  })

  it('are given up after the last attempt, and sent again when somebody asks', async () => {
    await run()
    webhook.answer(500)
    await happen('a')
    await happen('a')
    for (let attempt = 1; attempt <= 18; attempt++) {
      await makeDue()
      await run()
    }
    // The second one goes as soon as the first one is given up.
    expect((await log()).map(({ attempt }) => attempt)).toEqual([1, 18, ...range(17), 1])
    webhook.answer(200)
    expect(await reviveEvents(test.engine.db, { namespaceId: bucket.namespaceId })).toBe(1)
    await makeDue()
    await run()
    expect(keysReceived().length).toBe(21)
    expect(await hasEventsToDeliver(test.engine)).toBe(false)
  })

  it('of one namespace do not wait for a target of another one that never answers', async () => {
    const silent = await startSilentServer()
    const slow = await subscribe('slow', silent.url)
    for (let index = 0; index < 100; index++) await happen(`slow-${index}`, 'ObjectCreated:Put', slow.bucket)
    await makeDue()
    await happen('quick')
    const stopping = new AbortController()
    const running = deliverEvents(test.engine, { signal: stopping.signal })
    // Below what three attempts at the other one take, and far above what this one takes on a busy machine.
    await vi.waitFor(() => expect(keysReceived()).toEqual(['quick']), { timeout: 25_000 })
    await vi.waitFor(() => expect(silent.sockets.length).toBe(16), { timeout: 25_000 })
    stopping.abort()
    silent.stop()
    await running
    expect(silent.sockets.length).toBe(16)
  })

  it('to other webhooks go on when the secret of one does not open', async () => {
    const damaged = await subscribe('damaged', webhook.url)
    await happen('a', 'ObjectCreated:Put', damaged.bucket)
    const text = `update webhooks set sealed_secret = substr(sealed_secret, 1, length(sealed_secret) - 1) where name = 'damaged'`
    await test.engine.db.query({ name: 'damage', text, values: [] })
    await happen('b')
    await run()
    expect(keysReceived()).toEqual(['b'])
    expect((await log(damaged.bucket))[0]).toMatchObject({
      status: null,
      error: 'The secret of the webhook damaged does not open',
    })
  })

  it('wait ever longer', () => {
    expect([1, 2, 3, 12, 13, 17].map(pauseAfter)).toEqual([1, 2, 4, 2048, 3600, 3600])
    expect(pauseAfter(18)).toBeNull()
  })

  it('follow no redirect, and go to no webhook that is gone', async () => {
    await run()
    webhook.answer(302, { location: webhook.url })
    await happen('a')
    await run()
    expect(webhook.received.length).toBe(2)
    expect((await log())[0]).toMatchObject({ status: 302, error: 'answered 302' })
    await test.engine.db.query({ name: 'gone', text: 'delete from webhooks', values: [] })
    await makeDue()
    await run()
    expect((await log())[0]).toMatchObject({ status: null, error: 'No webhook hook is registered' })
  })

  it('C10: go nowhere once the address is no longer allowed', async () => {
    const strict = await test.open({ SCEAU_WEBHOOK_ALLOWED_ADDRESSES: '192.0.2.7' })
    await deliverEvents(strict, { signal })
    await strict.close()
    expect(webhook.received).toEqual([])
    expect((await log())[0]?.error).toContain('has no address to which webhooks may go')
  })

  it('are remembered for two weeks', async () => {
    await run()
    await forgetDeliveries(test.engine, { signal })
    expect((await log()).length).toBe(1)
    const old = new Date(Date.now() - 15 * 86_400_000)
    await test.engine.db.query({ name: 'old', text: 'update event_deliveries set at = $1', values: [old] })
    await forgetDeliveries(test.engine, { signal })
    expect(await log()).toEqual([])
  })
})

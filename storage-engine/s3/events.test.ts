import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkNotification } from '#storage-engine/buckets/check-notification.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { webhookArn } from '#storage-engine/namespaces/webhook-arn.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway
const ARN = webhookArn({ kind: 'topic', region: 'us-east-1', namespaceName: 'acme', name: 'hook' })
const EVERYTHING = [
  's3:ObjectCreated:*',
  's3:ObjectRemoved:*',
  's3:ObjectTagging:*',
  's3:ObjectAcl:Put',
  's3:ObjectRestore:*',
  's3:LifecycleExpiration:*',
  's3:LifecycleTransition',
]

type Input = Partial<Parameters<typeof sendSigned>[1]>
const send = (method: string, target: string, input: Input = {}) => sendSigned(gateway, { method, target, ...input })

async function notify(name: string, events = EVERYTHING, filter: { prefix?: string; suffix?: string } = {}) {
  const bucket = (await findBucket(gateway.engine.db, { name })) as Bucket
  const value = checkNotification(bucket, [{ id: 'c', kind: 'topic', arn: ARN, events, ...filter }])
  await setBucketSetting(gateway.engine.db, { bucketId: bucket.id, name: 'notification', value })
}

beforeAll(async () => {
  gateway = await startTestGateway()
  for (const name of ['plain', 'versioned', 'silent']) await send('PUT', `/${name}`)
  const enabled = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
  expect((await send('PUT', '/versioned?versioning', { body: enabled })).status).toBe(200)
  await notify('plain')
  await notify('versioned')
})

afterAll(() => gateway.stop())

beforeEach(async () => {
  await gateway.engine.db.query({ name: 'no-events', text: 'delete from events', values: [] })
})

interface Noted {
  eventName: string
  key: string
  versionId: string | null
  size: number | null
  etag: string | null
  details: { principalId: string; sourceIp: string; requestId: string; configurationId: string; extra?: object }
}

/** In the order in which it happened. */
function noted(): Promise<Noted[]> {
  return gateway.engine.db.query<Noted>({
    name: 'noted',
    text: `select event_name as "eventName", key, version_id as "versionId", size::integer as size, etag, details from events order by id`,
    values: [],
  })
}
const names = async () => (await noted()).map(({ eventName, key }) => `${eventName} ${key}`)

async function upload(bucket: string, key: string) {
  const { text } = await send('POST', `/${bucket}/${key}?uploads`)
  const uploadId = /<UploadId>(.*?)</.exec(text)?.[1]
  const { headers } = await send('PUT', `/${bucket}/${key}?partNumber=1&uploadId=${uploadId}`, { body: 'part' })
  const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${headers['etag']}</ETag></Part></CompleteMultipartUpload>`
  const complete = () => send('POST', `/${bucket}/${key}?uploadId=${uploadId}`, { body })
  expect((await complete()).status).toBe(200)
  return complete
}

describe('events', () => {
  it('name who did it by the id that ACLs and IAM show', async () => {
    const Statement = { Effect: 'Allow', Principal: '*', Action: 's3:PutObject', Resource: 'arn:aws:s3:::plain/*' }
    await send('PUT', '/plain?policy', { body: JSON.stringify({ Statement }) })
    for (const as of ['root', 'account', null] as const) await send('PUT', `/plain/${as}`, { as, body: 'x' })
    await send('DELETE', '/plain?policy')
    const [, canonicalId] = /<ID>(\w{64})</.exec((await send('GET', '/plain?acl')).text) ?? []
    expect((await noted()).map(({ details }) => details.principalId)).toEqual([
      `AWS:${canonicalId}`,
      expect.stringMatching(/^AWS:AIDA[A-Z2-7]{26}$/),
      'Anonymous',
    ])
  })

  it('tell who made what, with size and ETag', async () => {
    const answer = await send('PUT', '/plain/a', { body: 'hello' })
    expect(await noted()).toEqual([
      {
        eventName: 'ObjectCreated:Put',
        key: 'a',
        versionId: null,
        size: 5,
        etag: JSON.parse(answer.headers['etag'] as string),
        details: expect.objectContaining({
          principalId: expect.stringMatching(/^AWS:./),
          sourceIp: expect.stringContaining('127.0.0.1'),
          requestId: answer.headers['x-amz-request-id'],
          configurationId: 'c',
          bucketName: 'plain',
        }),
      },
    ])
  })

  it('are noted for copies, uploads and tags, and once for an upload that is completed twice', async () => {
    await send('PUT', '/plain/b', { headers: { 'x-amz-copy-source': '/plain/a' } })
    const complete = await upload('plain', 'c')
    expect((await complete()).status).toBe(200)
    const tags = '<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>'
    await send('PUT', '/plain/c?tagging', { body: tags })
    await send('DELETE', '/plain/c?tagging')
    await send('PUT', '/plain/c?acl', { headers: { 'x-amz-acl': 'public-read' } })
    expect(await names()).toEqual([
      'ObjectCreated:Copy b',
      'ObjectCreated:CompleteMultipartUpload c',
      'ObjectTagging:Put c',
      'ObjectTagging:Delete c',
      'ObjectAcl:Put c',
    ])
  })

  it('are noted for what was removed, and not for what was not there', async () => {
    await send('PUT', '/plain/d', { body: 'x' })
    await send('PUT', '/plain/e', { body: 'x' })
    await send('DELETE', '/plain/d')
    await send('DELETE', '/plain/d')
    const body = '<Delete><Object><Key>e</Key></Object><Object><Key>none</Key></Object></Delete>'
    await send('POST', '/plain?delete', { body })
    expect((await names()).slice(2)).toEqual(['ObjectRemoved:Delete d', 'ObjectRemoved:Delete e'])
    expect((await noted())[2]).toMatchObject({ versionId: null, size: null, etag: null })
  })

  it('tell versions and markers apart', async () => {
    const first = (await send('PUT', '/versioned/a', { body: 'x' })).headers['x-amz-version-id'] as string
    const marker = (await send('DELETE', '/versioned/a')).headers['x-amz-version-id'] as string
    await send('DELETE', `/versioned/a?versionId=${marker}`)
    const twice = `<Object><Key>a</Key><VersionId>${first}</VersionId></Object>`.repeat(2)
    await send('POST', '/versioned?delete', { body: `<Delete>${twice}</Delete>` })
    expect((await noted()).map(({ eventName, versionId }) => [eventName, versionId])).toEqual([
      ['ObjectCreated:Put', first],
      ['ObjectRemoved:DeleteMarkerCreated', marker],
      ['ObjectRemoved:Delete', marker],
      ['ObjectRemoved:Delete', first],
    ])
  })

  it('are noted for a restore, with when it ends, but not for its prolongation', async () => {
    await send('PUT', '/plain/ice', { body: 'x', headers: { 'x-amz-storage-class': 'GLACIER' } })
    for (const days of [1, 2]) {
      const body = `<RestoreRequest><Days>${days}</Days></RestoreRequest>`
      expect((await send('POST', '/plain/ice?restore', { body })).status).toBe(days === 1 ? 202 : 200)
    }
    expect((await names()).slice(1)).toEqual(['ObjectRestore:Post ice', 'ObjectRestore:Completed ice'])
    expect((await noted())[2]?.details.extra).toEqual({
      glacierEventData: {
        restoreEventData: {
          lifecycleRestorationExpiryTime: expect.stringMatching(/T00:00:00.000Z$/),
          lifecycleRestoreStorageClass: 'GLACIER',
        },
      },
    })
  })

  it('are noted for forms', async () => {
    const bucket = await send('PUT', '/plain?acl', { headers: { 'x-amz-acl': 'public-read-write' } })
    expect(bucket.status).toBe(200)
    const part = (name: string, value: string) =>
      `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
    const file = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhello\r\n--b--\r\n'
    const headers = { 'content-type': 'multipart/form-data; boundary=b' }
    const answer = await send('POST', '/plain', { as: null, headers, body: part('key', 'form') + file })
    expect(answer.status).toBe(204)
    expect(await names()).toEqual(['ObjectCreated:Post form'])
    expect((await noted())[0]?.details.principalId).toBe('Anonymous')
  })

  it('are not noted for writes that fail', async () => {
    await send('PUT', '/plain/f', { body: 'x' })
    const refused = await send('PUT', '/plain/f', { body: 'y', headers: { 'if-none-match': '*' } })
    expect(refused.status).toBe(412)
    const digest = await send('PUT', '/plain/f', { body: 'y', headers: { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' } })
    expect(digest.code).toBe('BadDigest')
    expect(await names()).toEqual(['ObjectCreated:Put f'])
  })

  it('follow the names and filters that were asked for', async () => {
    await send('PUT', '/silent/a', { body: 'x' })
    await notify('silent', ['s3:ObjectCreated:Copy', 's3:ObjectRemoved:DeleteMarkerCreated'])
    await send('PUT', '/silent/a', { body: 'x' })
    await send('DELETE', '/silent/a')
    expect(await names()).toEqual([])
    await notify('silent', ['s3:ObjectCreated:*'], { prefix: 'in/', suffix: '.jpg' })
    for (const key of ['in/a.jpg', 'in/a.png', 'a.jpg']) await send('PUT', `/silent/${key}`, { body: 'x' })
    expect(await names()).toEqual(['ObjectCreated:Put in/a.jpg'])
  })

  it('tell of one key in the order in which it changed, however many write at once', async () => {
    await Promise.all(Array.from({ length: 40 }, (_, index) => send('PUT', '/versioned/busy', { body: String(index) })))
    const stored = await gateway.engine.db.query<{ versionId: string }>({
      name: 'oldest-first',
      text: `select version_id as "versionId" from object_versions where key = 'busy' order by nullif(noncurrent_order, 0) desc nulls last`,
      values: [],
    })
    expect((await noted()).map(({ versionId }) => versionId)).toEqual(stored.map(({ versionId }) => versionId))
  })
})

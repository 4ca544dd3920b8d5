import https from 'node:https'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { signForm } from '#storage-engine/testing/post-form.ts'
import { presign, type RawAnswer, sendRaw, sendSigned } from '#storage-engine/testing/signed-request.ts'
import { presignV2 } from '#storage-engine/testing/sigv2-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

const FIELDS = [
  ...['bucketOwner', 'bucket', 'time', 'remoteIp', 'requester', 'requestId', 'operation', 'key', 'requestUri'],
  ...['status', 'errorCode', 'bytesSent', 'objectSize', 'totalTime', 'turnAroundTime', 'referer', 'userAgent'],
  ...['versionId', 'hostId', 'signatureVersion', 'cipherSuite', 'authType', 'hostHeader', 'tlsVersion'],
  ...['accessPoint', 'aclRequired'],
]
const CONFIGURATION =
  '<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix/></LoggingEnabled></BucketLoggingStatus>'
const POLICY = {
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Principal: { Service: 'logging.s3.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: 'arn:aws:s3:::logs/*',
  },
}

let gateway: TestGateway
let ownerId: string

beforeAll(async () => {
  gateway = await startTestGateway({ timeouts: { accessLogIntervalMs: 20 } })
  for (const name of ['bkt', 'other', 'logs', 'quiet']) await send('PUT', `/${name}`)
  await send('PUT', '/logs?policy', { body: JSON.stringify(POLICY) })
  for (const name of ['bkt', 'other']) await send('PUT', `/${name}?logging`, { body: CONFIGURATION })
  ownerId = /<ID>(\w+)<\/ID>/.exec((await send('GET', '/quiet?acl')).text)?.[1] as string
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })

async function linesInPostgres(): Promise<string[]> {
  const rows = await gateway.engine.db.query<{ lines: string }>({
    name: 'lines',
    text: 'select lines from log_records order by id',
    values: [],
  })
  return rows.flatMap(({ lines }) => lines.trimEnd().split('\n'))
}

function parse(line: string): Record<string, string> {
  const values = line.match(/\[[^\]]*\]|"[^"]*"|\S+/g) as string[]
  expect(values).toHaveLength(FIELDS.length)
  return Object.fromEntries(FIELDS.map((name, index) => [name, values[index] as string]))
}

/** The records of a request, once its process has handed them over. */
function recordsOf({ headers }: Pick<RawAnswer, 'headers'>): Promise<Record<string, string>[]> {
  const id = headers['x-amz-request-id'] as string
  return vi.waitFor(
    async () => {
      const found = (await linesInPostgres()).filter((line) => line.includes(` ${id} `))
      expect(found).not.toEqual([])
      return found.map(parse)
    },
    { timeout: 10_000, interval: 50 },
  )
}
const recordOf = async (answer: Pick<RawAnswer, 'headers'>) => (await recordsOf(answer))[0] as Record<string, string>

describe('a request to a bucket that is logged', () => {
  it('is recorded with all that is known of it', async () => {
    const headers = { 'user-agent': 'tests/1 "x"', referer: 'https://a.example/?Signature=s3cret' }
    const put = await send('PUT', '/bkt/a%20folder/k?x-id=PutObject', { body: '0123456789', headers })
    const record = await recordOf(put)
    expect(record).toMatchObject({
      bucketOwner: ownerId,
      bucket: 'bkt',
      time: expect.stringMatching(/^\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\]$/),
      remoteIp: '127.0.0.1',
      requester: ownerId,
      operation: 'REST.PUT.OBJECT',
      key: 'a%20folder/k',
      requestUri: '"PUT /bkt/a%20folder/k?x-id=PutObject HTTP/1.1"',
      status: '200',
      errorCode: '-',
      bytesSent: '-',
      objectSize: '10',
      totalTime: expect.stringMatching(/^\d+$/),
      turnAroundTime: expect.stringMatching(/^\d+$/),
      referer: '"https://a.example/?Signature=REDACTED"',
      userAgent: '"tests/1 %22x%22"',
      versionId: '-',
      hostId: put.headers['x-amz-id-2'],
      signatureVersion: 'SigV4',
      cipherSuite: expect.stringMatching(/^TLS_AES|^ECDHE/),
      authType: 'AuthHeader',
      hostHeader: `127.0.0.1:${gateway.port}`,
      tlsVersion: expect.stringMatching(/^TLSv1\.[23]$/),
      accessPoint: '-',
      aclRequired: '-',
    })
    const range = await recordOf(await send('GET', '/bkt/a%20folder/k', { headers: { range: 'bytes=0-3' } }))
    expect(range).toMatchObject({ operation: 'REST.GET.OBJECT', status: '206', bytesSent: '4', objectSize: '10' })
  })

  it('counts the bytes of a stream as they go out', async () => {
    const body = Buffer.alloc(3_000_000, 'x')
    await send('PUT', '/bkt/large', { body })
    const record = await recordOf(await send('GET', '/bkt/large'))
    expect(record).toMatchObject({ bytesSent: '3000000', objectSize: '3000000' })
  })

  it('is recorded when it is refused, whoever made it', async () => {
    const missing = await send('GET', '/bkt/missing')
    expect(await recordOf(missing)).toMatchObject({
      status: '404',
      errorCode: 'NoSuchKey',
      bytesSent: String(missing.body.length),
      key: 'missing',
    })
    const denied = await recordOf(await send('DELETE', '/bkt/k', { as: 'neighbour' }))
    expect(denied).toMatchObject({ status: '403', errorCode: 'AccessDenied', operation: 'REST.DELETE.OBJECT' })
    expect(denied['requester']).toMatch(/^[0-9a-f]{64}$/)
    expect(denied['requester']).not.toBe(ownerId)
    const anonymous = await recordOf(await send('HEAD', '/bkt/k', { as: null }))
    expect(anonymous).toMatchObject({ requester: '-', signatureVersion: '-', authType: '-', bytesSent: '-' })
    const forged = await send('GET', '/bkt/k', { tamper: (headers) => (headers['host'] = 'localhost') })
    expect(await recordOf(forged)).toMatchObject({ errorCode: 'SignatureDoesNotMatch', requester: '-', key: 'k' })
    const account = await recordOf(await send('GET', '/bkt', { as: 'account' }))
    expect(account['requester']).toMatch(/^arn:aws:iam::\d{12}:user\/account$/)
    expect(await recordOf(await send('PUT', '/bkt?replication', { body: 'x' }))).toMatchObject({
      operation: 'REST.PUT.REPLICATION',
      errorCode: 'NotImplemented',
    })
  })

  it('says how it was signed, and nothing with which it could be sent again', async () => {
    await send('PUT', '/bkt/k', { body: 'x' })
    const credentials = gateway.credentials.root
    const headers = { host: `127.0.0.1:${gateway.port}` }
    const v2 = presignV2({
      method: 'GET',
      target: '/bkt/k',
      headers,
      credentials,
      expires: Math.floor(Date.now() / 1000) + 600,
    })
    const v4 = presign({ method: 'GET', target: '/bkt/k', headers, credentials, expiresSeconds: 600 })
    for (const [target, signatureVersion] of [
      [v2, 'SigV2'],
      [v4, 'SigV4'],
    ] as const) {
      const answer = await send('GET', target, { as: null })
      expect(answer.status).toBe(200)
      const record = await recordOf(answer)
      expect(record).toMatchObject({ signatureVersion, authType: 'QueryString', requester: ownerId })
      expect(record['requestUri']).toMatch(/Signature=REDACTED[& ]/)
    }
    const signature = new URLSearchParams(v4.split('?')[1]).get('X-Amz-Signature') as string
    expect((await linesInPostgres()).join()).not.toContain(signature)
  })

  it('of a form has the key of the form', async () => {
    const credentials = gateway.credentials.root
    const form = new FormData()
    form.set('key', 'posted')
    for (const [name, value] of Object.entries(
      signForm({ version: 'v4', bucket: 'bkt', key: 'posted', credentials }),
    )) {
      form.set(name, value)
    }
    form.set('file', new Blob(['12345']))
    const request = new Request('http://x', { method: 'POST', body: form })
    const type = request.headers.get('content-type') as string
    const body = Buffer.from(await request.arrayBuffer())
    const answer = await send('POST', '/bkt', { as: null, body, headers: { 'content-type': type } })
    expect(answer.status).toBe(204)
    expect(await recordOf(answer)).toMatchObject({
      operation: 'REST.POST.OBJECT',
      key: 'posted',
      authType: 'HtmlForm',
      requester: ownerId,
      objectSize: '5',
    })
  })

  it('that copies is recorded for both of its buckets', async () => {
    await send('PUT', '/other/source', { body: '1234' })
    const [get, put] = await recordsOf(
      await send('PUT', '/bkt/copy', { headers: { 'x-amz-copy-source': '/other/source' } }),
    ).then((records) =>
      records.sort((a, b) => (a['operation'] as string).localeCompare(b['operation'] as string)).reverse(),
    )
    expect(get).toMatchObject({ operation: 'REST.COPY.OBJECT_GET', bucket: 'other', key: 'source', objectSize: '4' })
    expect(put).toMatchObject({ operation: 'REST.COPY.OBJECT', bucket: 'bkt', key: 'copy', objectSize: '4' })
    const read = await recordsOf(
      await send('PUT', '/quiet/copy', { headers: { 'x-amz-copy-source': '/other/source' } }),
    )
    expect(read.map(({ bucket, key }) => `${bucket}/${key}`)).toEqual(['other/source'])
  })

  it('that deletes many is recorded with each of them', async () => {
    const key = (name: string, versionId = '') => `<Object><Key>${name}</Key>${versionId}</Object>`
    const body = `<Delete>${key('one')}${key('two', '<VersionId>no-version</VersionId>')}</Delete>`
    const records = await recordsOf(await send('POST', '/bkt?delete', { body }))
    expect(records.map(({ operation, key: name, status, errorCode }) => [operation, name, status, errorCode])).toEqual([
      ['REST.POST.MULTI_OBJECT_DELETE', '-', '200', '-'],
      ['BATCH.DELETE.OBJECT', 'one', '204', '-'],
      ['BATCH.DELETE.OBJECT', 'two', '400', 'InvalidArgument'],
    ])
  })

  it('says when it was allowed by an ACL alone', async () => {
    await send('PUT', '/bkt/open', { body: 'x', headers: { 'x-amz-acl': 'public-read' } })
    expect((await recordOf(await send('GET', '/bkt/open', { as: null })))['aclRequired']).toBe('Yes')
    expect((await recordOf(await send('GET', '/bkt/open')))['aclRequired']).toBe('-')
    const Statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bkt/*' }
    await send('PUT', '/bkt?policy', { body: JSON.stringify({ Version: '2012-10-17', Statement }) })
    expect((await recordOf(await send('GET', '/bkt/open', { as: null })))['aclRequired']).toBe('-')
    await send('DELETE', '/bkt?policy')
  })

  it('to its website is recorded as such', async () => {
    const index = '<IndexDocument><Suffix>index.html</Suffix></IndexDocument>'
    await send('PUT', '/bkt?website', { body: `<WebsiteConfiguration>${index}</WebsiteConfiguration>` })
    await send('PUT', '/bkt/docs/index.html', { body: 'docs', headers: { 'x-amz-acl': 'public-read' } })
    const host = `bkt.s3-website.us-east-1.localhost:${gateway.port}`
    const visit = (target: string) =>
      sendRaw(gateway, { method: 'GET', target, headers: { host }, body: Buffer.alloc(0) })
    expect(await recordOf(await visit('/docs/'))).toMatchObject({
      operation: 'WEBSITE.GET.OBJECT',
      key: 'docs/',
      status: '200',
      bytesSent: '4',
      objectSize: '4',
      requester: '-',
      aclRequired: 'Yes',
    })
    expect(await recordOf(await visit('/nothing'))).toMatchObject({ key: 'nothing', errorCode: 'AccessDenied' })
  })

  it('is recorded when a browser asks before it, or hangs up', async () => {
    const origin = { origin: 'https://a.example', 'access-control-request-method': 'GET' }
    const preflight = await send('OPTIONS', '/bkt/k', { as: null, headers: origin })
    expect(await recordOf(preflight)).toMatchObject({ operation: 'REST.OPTIONS.PREFLIGHT', status: '403', key: 'k' })
    const marker = `hangs-up-${Date.now()}`
    await new Promise<void>((resolve) => {
      const { agent, port } = gateway
      const request = https.request({ agent, port, host: '127.0.0.1', path: `/bkt/large?${marker}`, method: 'HEAD' })
      request.on('error', () => resolve())
      request.on('response', () => request.destroy())
      request.on('close', resolve)
      request.end()
    })
    await vi.waitFor(async () => expect((await linesInPostgres()).join('\n')).toContain(marker), { timeout: 10_000 })
  })

  it('leaves nothing of a bucket that is not logged, nor of one that no longer is', async () => {
    const quiet = await send('PUT', '/quiet/k', { body: 'x' })
    await send('PUT', '/other?logging', { body: '<BucketLoggingStatus/>' })
    const off = await send('GET', '/other')
    // Written later, so once this one is there, the others would be.
    await recordOf(await send('GET', '/bkt'))
    const lines = (await linesInPostgres()).join('\n')
    for (const { headers } of [quiet, off]) expect(lines).not.toContain(headers['x-amz-request-id'])
  })
})

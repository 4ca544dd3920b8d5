import { randomBytes } from 'node:crypto'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { issueAccessKey } from '#storage-engine/accounts/issue-access-key.ts'
import { getRootObjectUser, setAccessKeyState } from '#storage-engine/metadata/accounts.ts'
import { startS3Server } from '#storage-engine/s3/server.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'
import { createSdkClient } from '#storage-engine/testing/s3-client.ts'
import { sendRaw, sendSigned, sha256, signHeaders } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway({ timeouts: { stallTimeoutMs: 300 } })
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
})

afterAll(() => gateway.stop())

test('serves the AWS SDK with its default settings from bucket to bucket', async () => {
  const client = createSdkClient(gateway, 'user')
  const Bucket = 'first-light'
  await client.send(new CreateBucketCommand({ Bucket }))
  const { Buckets } = await client.send(new ListBucketsCommand({}))
  expect(Buckets?.map(({ Name }) => Name)).toEqual([Bucket])
  for (const size of [0, 1, 65_535, 65_536, 65_537, 3_000_000]) {
    const content = randomBytes(size)
    const Key = `dir/${size} bytes + ünï.bin`
    const put = await client.send(new PutObjectCommand({ Bucket, Key, Body: content, Metadata: { a: 'b' } }))
    expect(put.ETag).toBe(`"${referenceMd5(content).toString('hex')}"`)
    const got = await client.send(new GetObjectCommand({ Bucket, Key }))
    expect(content.equals((await got.Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true)
    expect(got.Metadata).toEqual({ a: 'b' })
    expect((await client.send(new HeadObjectCommand({ Bucket, Key }))).ContentLength).toBe(size)
    await client.send(
      new CopyObjectCommand({ Bucket, Key: `copy-${size}`, CopySource: `${Bucket}/${encodeURIComponent(Key)}` }),
    )
  }
  const listed = await client.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }))
  expect([listed.CommonPrefixes, listed.KeyCount]).toEqual([[{ Prefix: 'dir/' }], 7])
  const all = await client.send(new ListObjectsV2Command({ Bucket }))
  await client.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: (all.Contents ?? []).map(({ Key }) => ({ Key })) } }),
  )
  await client.send(new DeleteBucketCommand({ Bucket }))
})

test('serves what the AWS SDK presigns, also with headers that it moves into the query', async () => {
  const client = createSdkClient(gateway, 'root')
  const target = async (command: PutObjectCommand | GetObjectCommand) => {
    const url = new URL(await getSignedUrl(client, command as never, { expiresIn: 60 }))
    return { url, target: url.pathname + url.search, headers: { host: url.host } }
  }
  const put = await target(
    new PutObjectCommand({ Bucket: 'bkt', Key: 'pre signed', ServerSideEncryption: 'AES256', Metadata: { a: 'b' } }),
  )
  const answer = await sendRaw(gateway, {
    method: 'PUT',
    ...put,
    headers: { ...put.headers, 'content-length': '5', 'x-amz-server-side-encryption': 'AES256' },
    body: Buffer.from('hello'),
  })
  expect([answer.status, answer.code]).toEqual([200, ''])
  const get = await target(new GetObjectCommand({ Bucket: 'bkt', Key: 'pre signed', ResponseContentType: 'text/x' }))
  const got = await sendRaw(gateway, { method: 'GET', ...get, body: Buffer.alloc(0) })
  expect([got.text, got.headers['content-type'], got.headers['x-amz-meta-a']]).toEqual(['hello', 'text/x', 'b'])
})

/** Speaks HTTP by hand over TLS; resolves to everything that came once the server closed or `waitMs` are over. */
async function converse(
  lines: string[],
  waitMs: number,
  more?: (socket: tls.TLSSocket, received: () => string) => Promise<void>,
  port = gateway.port,
): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, ca: gateway.ca, servername: 'localhost' })
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
  })
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.write(lines.join('\r\n'))
  await more?.(socket, () => received)
  await Promise.race([closed, sleep(waitMs)])
  socket.destroy()
  return received
}

function signedLines(method: string, target: string, extra: Record<string, string>, payloadHash: string): string[] {
  const headers = { host: `127.0.0.1:${gateway.port}`, ...extra }
  const signed = signHeaders({ method, target, headers, payloadHash, credentials: gateway.credentials.root })
  return [`${method} ${target} HTTP/1.1`, ...Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}`)]
}

async function until(condition: () => boolean): Promise<void> {
  for (let index = 0; index < 500 && !condition(); index++) await sleep(10)
}

test('answers 100 Continue only to who may write, and then takes the body', async () => {
  const lines = signedLines('PUT', '/bkt/expected', { 'content-length': '5' }, sha256('hello'))
  const answer = await converse(
    [...lines, 'expect: 100-continue', 'connection: close', '', ''],
    5000,
    async (socket, received) => {
      await until(() => received().includes('100 Continue'))
      socket.write('hello')
    },
  )
  expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
})

test('refuses who may not write instead of 100 Continue, and says that the connection ends', async () => {
  const answer = await converse(
    [
      'PUT /bkt/expected HTTP/1.1',
      `host: 127.0.0.1:${gateway.port}`,
      'content-length: 5',
      'expect: 100-continue',
      '',
      '',
    ],
    5000,
  )
  expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden/)
  expect(answer).not.toContain('100 Continue')
  expect(answer.toLowerCase()).toContain('connection: close')
})

test('keeps the connection after an error whose small body it can drop, and ends it where much is still to come', async () => {
  const small = ['PUT /bkt/k HTTP/1.1', `host: 127.0.0.1:${gateway.port}`, 'content-length: 5', '', 'hello']
  const twice = await converse([...small.slice(0, -1), `hello${small.slice(0, -1).join('\r\n')}`, 'hello'], 1000)
  expect(twice.match(/HTTP\/1\.1 403/g)).toHaveLength(2)
  const large = await converse(
    ['PUT /bkt/k HTTP/1.1', `host: 127.0.0.1:${gateway.port}`, 'content-length: 50000000', '', 'x'.repeat(2_000_000)],
    5000,
  )
  expect(large).toContain('AccessDenied')
  expect(large.toLowerCase()).toContain('connection: close')
})

test('answers MissingContentLength to a body that has no length of any kind', async () => {
  const answer = await converse(
    [...signedLines('PUT', '/bkt/k', {}, 'UNSIGNED-PAYLOAD'), 'connection: close', '', ''],
    5000,
  )
  expect(answer).toContain('<Code>MissingContentLength</Code>')
})

test('answers InvalidAccessKeyId for a key that is switched off, and for one that has expired', async () => {
  const { engine, namespaceIds } = gateway
  const { id: objectUserId } = await getRootObjectUser(engine.db, { namespaceId: namespaceIds.acme })
  const off = await issueAccessKey(engine, { namespaceId: namespaceIds.acme, objectUserId })
  await setAccessKeyState(engine.db, {
    namespaceId: namespaceIds.acme,
    accessKeyId: off.accessKeyId,
    state: 'inactive',
  })
  const expiresAt = new Date(Date.now() - 1000)
  const expired = await issueAccessKey(engine, { namespaceId: namespaceIds.acme, objectUserId, expiresAt })
  const current = await issueAccessKey(engine, { namespaceId: namespaceIds.acme, objectUserId })
  const codeWith = async (credentials: typeof off) => {
    const headers = { host: `127.0.0.1:${gateway.port}` }
    const signed = signHeaders({ method: 'GET', target: '/', headers, payloadHash: sha256(''), credentials })
    return (await sendRaw(gateway, { method: 'GET', target: '/', headers: signed.headers, body: Buffer.alloc(0) })).code
  }
  expect(await codeWith(off)).toBe('InvalidAccessKeyId')
  expect(await codeWith(expired)).toBe('InvalidAccessKeyId')
  expect(await codeWith(current)).toBe('')
})

test('lets a request finish when the server closes, ends its connection, and takes no new ones', async () => {
  const closing = await startS3Server({ engine: gateway.engine, tls: gateway.tls, port: 0, host: '127.0.0.1' })
  const headers = { host: `127.0.0.1:${closing.port}`, 'content-length': '5' }
  const { headers: signed } = signHeaders({
    method: 'PUT',
    target: '/bkt/drained',
    headers,
    payloadHash: 'UNSIGNED-PAYLOAD',
    credentials: gateway.credentials.root,
  })
  const lines = ['PUT /bkt/drained HTTP/1.1', ...Object.entries(signed).map(([name, value]) => `${name}: ${value}`)]
  let closed: Promise<void> = Promise.resolve()
  const answer = await converse(
    [...lines, '', 'he'],
    5000,
    async (socket) => {
      await sleep(100)
      closed = closing.close()
      socket.write('llo')
    },
    closing.port,
  )
  await closed
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/)
  expect(answer.toLowerCase()).toContain('connection: close')
  await expect(
    sendRaw({ ...gateway, port: closing.port }, { method: 'GET', target: '/', headers: {}, body: Buffer.alloc(0) }),
  ).rejects.toThrow('ECONNREFUSED')
})

test('answers RequestTimeout when a body stalls, and IncompleteBody leaves nothing behind when the client goes', async () => {
  const stalled = await converse(
    [...signedLines('PUT', '/bkt/stalled', { 'content-length': '5' }, 'UNSIGNED-PAYLOAD'), '', 'he'],
    8000,
  )
  expect(stalled).toContain('<Code>RequestTimeout</Code>')
  await converse([...signedLines('PUT', '/bkt/gone', { 'content-length': '5' }, 'UNSIGNED-PAYLOAD'), '', 'he'], 100)
  for (const target of ['/bkt/stalled', '/bkt/gone']) {
    expect((await sendSigned(gateway, { method: 'GET', target })).code).toBe('NoSuchKey')
  }
})

test.each([
  ['two Host headers', ['GET / HTTP/1.1', 'host: a', 'host: b'], 'InvalidRequest'],
  [
    'two Authorization headers',
    ['GET / HTTP/1.1', 'host: a', 'authorization: x', 'authorization: y'],
    'InvalidRequest',
  ],
  ['two x-amz-date headers', ['GET / HTTP/1.1', 'host: a', 'x-amz-date: x', 'x-amz-date: y'], 'InvalidRequest'],
  [
    'two x-amz-content-sha256 headers',
    ['GET / HTTP/1.1', 'host: a', 'x-amz-content-sha256: x', 'x-amz-content-sha256: y'],
    'InvalidRequest',
  ],
  [
    'a transfer encoding besides chunked',
    ['PUT /bkt/k HTTP/1.1', 'host: a', 'transfer-encoding: gzip, chunked'],
    'NotImplemented',
  ],
  [
    'a length and a transfer encoding',
    ['PUT /bkt/k HTTP/1.1', 'host: a', 'content-length: 3', 'transfer-encoding: chunked'],
    'InvalidRequest',
  ],
  ['headers over 16 KiB', ['GET / HTTP/1.1', 'host: a', `x: ${'x'.repeat(17_000)}`], 'RequestHeaderSectionTooLarge'],
  ['what is no HTTP', ['nonsense'], 'InvalidRequest'],
  ['a target with invalid UTF-8', ['GET /bkt/%ff HTTP/1.1', 'host: a'], 'InvalidURI'],
])('answers %s with an S3 error, and lives on', async (_name, lines, code) => {
  const answer = await converse([...lines, 'connection: close', '', ''], 1000)
  expect(answer).toContain(`<Code>${code}</Code>`)
  expect(answer.toLowerCase()).toContain('x-amz-request-id: ')
  expect((await sendSigned(gateway, { method: 'HEAD', target: '/bkt' })).status).toBe(200)
})

test('answers a HEAD that it cannot read without a body', async () => {
  const answer = await converse(['HEAD /bkt HTTP/1.1', 'host: a', 'no header', '', ''], 1000)
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*\r\n\r\n$/s)
})

test('refuses plain HTTP with one clear sentence', async () => {
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = net.connect(gateway.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n'))
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString()
    })
    socket.on('error', reject).on('end', () => resolve(received))
  })
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(answer).toContain('https://')
})

test('gives every response its own request id', async () => {
  const answers = await Promise.all([1, 2, 3].map(() => sendSigned(gateway, { method: 'HEAD', target: '/bkt' })))
  expect(new Set(answers.map(({ headers }) => headers['x-amz-request-id'])).size).toBe(3)
  for (const { headers } of answers) expect(headers['x-amz-id-2']).toMatch(/^[\w+/=]{20,}$/)
})

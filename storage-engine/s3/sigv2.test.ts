import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RawAnswer, sendRaw, sendSigned } from '#storage-engine/testing/signed-request.ts'
import { presignV2, signV2Headers } from '#storage-engine/testing/sigv2-request.ts'
import { startTestGateway, type TestCaller, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway
const HOST = 's3.us-east-1.localhost'
const VIRTUAL = `bkt.${HOST}`

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
  await sendSigned(gateway, { method: 'PUT', target: '/bkt/key', body: 'content' })
})

afterAll(() => gateway.stop())

interface Sent {
  method?: string
  target: string
  headers?: Record<string, string>
  body?: string
  as?: TestCaller
  /** Seconds from now that the URL holds, or that the header's date is off. */
  seconds?: number
  /** Sends the request, signed in path style, to the bucket's own host. */
  isVirtual?: boolean
}

function sendHeaderSigned(sent: Sent): Promise<RawAnswer> {
  const { method = 'GET', target, headers = {}, as = 'root', seconds = 0 } = sent
  const date = new Date(Date.now() + seconds * 1000).toUTCString()
  const signed = signV2Headers({ method, target, headers, credentials: gateway.credentials[as], date })
  return send({ ...sent, headers: signed })
}

function sendPresigned(sent: Sent): Promise<RawAnswer> {
  const { method = 'GET', target, headers = {}, as = 'root', seconds = 60 } = sent
  const expires = Math.floor(Date.now() / 1000) + seconds
  return send({
    ...sent,
    target: presignV2({ method, target, headers, credentials: gateway.credentials[as], expires }),
  })
}

function send({ method = 'GET', target, headers = {}, body = '', isVirtual = false }: Sent): Promise<RawAnswer> {
  const content = Buffer.from(body)
  return sendRaw(gateway, {
    method,
    target: isVirtual ? target.replace('/bkt', '') : target,
    headers: { ...headers, host: isVirtual ? VIRTUAL : HOST, 'content-length': String(content.length) },
    body: content,
  })
}

const WAYS = [
  ['in the header', sendHeaderSigned],
  ['presigned', sendPresigned],
] as const

test.each(WAYS)(
  'writes, reads, lists and deletes with SigV2 %s, in path and virtual-hosted style',
  async (_way, ask) => {
    for (const isVirtual of [false, true]) {
      const target = '/bkt/a%20b%C3%A9'
      const headers = { 'content-type': 'text/plain', 'x-amz-meta-a': 'b' }
      const put = await ask({ method: 'PUT', target, headers, body: 'hello', isVirtual })
      expect([put.status, put.text]).toEqual([200, ''])
      const get = await ask({ target: `${target}?response-content-type=text%2Fx`, isVirtual })
      expect([get.status, get.text, get.headers['content-type'], get.headers['x-amz-meta-a']]).toEqual([
        200,
        'hello',
        'text/x',
        'b',
      ])
      expect((await ask({ target: '/bkt/?list-type=2', isVirtual })).text).toContain('<Key>a bé</Key>')
      expect((await ask({ method: 'DELETE', target, isVirtual })).status).toBe(204)
      expect((await ask({ target, isVirtual })).code).toBe('NoSuchKey')
    }
  },
)

test('honours a header that a presigner moved into the query', async () => {
  const headers = { 'x-amz-meta-a': 'b' }
  const expires = Math.floor(Date.now() / 1000) + 60
  const input = { method: 'PUT', target: '/bkt/moved', headers, credentials: gateway.credentials.root, expires }
  expect((await send({ method: 'PUT', target: `${presignV2(input)}&x-amz-meta-a=b` })).status).toBe(200)
  expect((await sendPresigned({ target: '/bkt/moved' })).headers['x-amz-meta-a']).toBe('b')
})

test.each(WAYS)('refuses another namespace, and another key than the signed one, %s', async (_way, ask) => {
  expect((await ask({ target: '/bkt/key', as: 'neighbour' })).code).toBe('AccessDenied')
  expect((await ask({ target: '/bkt/key', as: 'account' })).code).toBe('AccessDenied')
  expect((await send({ target: '/bkt/key' })).code).toBe('AccessDenied')
})

test('refuses an expired URL, a date beyond 15 minutes, and a signature of other bytes', async () => {
  const expired = await sendPresigned({ target: '/bkt/key', seconds: -1 })
  expect([expired.status, expired.code]).toEqual([403, 'AccessDenied'])
  expect(expired.text).toMatch(/<Message>Request has expired<\/Message>.*<Expires>.*<ServerTime>/s)
  const skewed = await sendHeaderSigned({ target: '/bkt/key', seconds: -16 * 60 })
  expect([skewed.status, skewed.code]).toEqual([403, 'RequestTimeTooSkewed'])
  const headers = signV2Headers({
    method: 'GET',
    target: '/bkt/other',
    headers: {},
    credentials: gateway.credentials.root,
  })
  const forged = await send({ target: '/bkt/key', headers })
  expect([forged.status, forged.code]).toEqual([403, 'SignatureDoesNotMatch'])
})

test('never stores the framing of chunks as content', async () => {
  const headers = { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': '5' }
  const answer = await sendHeaderSigned({
    method: 'PUT',
    target: '/bkt/chunked',
    headers,
    body: '5\r\nhello\r\n0\r\n\r\n',
  })
  expect([answer.status, answer.code]).toEqual([400, 'InvalidRequest'])
  expect((await sendHeaderSigned({ target: '/bkt/chunked' })).code).toBe('NoSuchKey')
})

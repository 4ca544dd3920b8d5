import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

const RULES = [
  '<CORSRule><AllowedOrigin>https://*.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod>',
  '<AllowedHeader>x-amz-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule>',
  '<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>PUT</AllowedMethod></CORSRule>',
].join('')

beforeAll(async () => {
  gateway = await startTestGateway()
  await send('PUT', '/bkt')
  await send('PUT', '/bkt?cors', { body: `<CORSConfiguration>${RULES}</CORSConfiguration>` })
  await send('PUT', '/bkt/key', { body: 'x' })
  await send('PUT', '/plain')
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })

const ask = (target: string, headers: Record<string, string>) => send('OPTIONS', target, { as: null, headers })
const asking = (origin: string, method: string, more: Record<string, string> = {}) => ({
  origin,
  'access-control-request-method': method,
  ...more,
})

test.each(['/bkt', '/bkt/key', '/bkt/missing', '/bkt?uploads', '/bkt/key?X-Amz-Signature=forged'])(
  'Preflight of %s answers an unsigned browser with what the rule allows',
  async (target) => {
    const wanted = { 'access-control-request-headers': 'X-Amz-Date, x-amz-acl,x-amz-date' }
    const { status, headers, text } = await ask(target, asking('https://a.example', 'GET', wanted))
    expect([status, text, headers['content-length']]).toEqual([200, '', '0'])
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-methods': 'GET',
      'access-control-allow-headers': 'x-amz-date, x-amz-acl',
      'access-control-expose-headers': 'ETag',
      'access-control-max-age': '60',
      'access-control-allow-credentials': 'true',
      vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    })
  },
)

test('Preflight of a rule for any origin names none', async () => {
  const { headers } = await ask('/bkt/key', asking('https://b.test', 'PUT'))
  expect(headers['access-control-allow-origin']).toBe('*')
  expect(headers).not.toHaveProperty('access-control-allow-credentials')
})

test.each<[string, Record<string, string>, number, string]>([
  ['/bkt', {}, 400, 'BadRequest'],
  ['/plain', {}, 400, 'BadRequest'],
  ['/bkt', { origin: 'https://a.example' }, 400, 'BadRequest'],
  ['/bkt', asking('https://a.example', 'PATCH'), 400, 'BadRequest'],
  ['/bkt', asking('https://a.test', 'GET'), 403, 'AccessForbidden'],
  ['/bkt/key', asking('https://a.example', 'DELETE'), 403, 'AccessForbidden'],
  [
    '/bkt/key',
    asking('https://a.example', 'GET', { 'access-control-request-headers': 'content-type' }),
    403,
    'AccessForbidden',
  ],
  ['/plain', asking('https://a.example', 'GET'), 403, 'AccessForbidden'],
  ['/missing', asking('https://a.example', 'GET'), 403, 'AccessForbidden'],
])('Preflight of %s with %j is refused with %i %s', async (target, headers, status, code) => {
  const answer = await ask(target, headers)
  expect([answer.status, answer.code]).toEqual([status, code])
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
})

test('Preflight refuses to compare more than 100 headers', async () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `x-amz-${index}`).join()
  const wanted = (count: number) =>
    asking('https://a.example', 'GET', { 'access-control-request-headers': names(count) })
  expect((await ask('/bkt', wanted(100))).status).toBe(200)
  expect((await ask('/bkt', wanted(101))).code).toBe('BadRequest')
})

test('a page of an allowed origin may read answers and errors; the others may not', async () => {
  const origin = { origin: 'https://a.example' }
  const allowed = { 'access-control-allow-origin': 'https://a.example', 'access-control-expose-headers': 'ETag' }
  expect((await send('GET', '/bkt/key', { headers: origin })).headers).toMatchObject(allowed)
  const missing = await send('GET', '/bkt/missing', { headers: origin })
  expect([missing.status, missing.headers]).toEqual([404, expect.objectContaining(allowed)])
  const denied = await send('GET', '/bkt/key', { headers: origin, as: null })
  expect([denied.status, denied.headers]).toEqual([403, expect.objectContaining(allowed)])
  const forged = await send('GET', '/bkt/key', {
    headers: origin,
    tamper: (headers) => (headers['host'] = 'localhost'),
  })
  expect([forged.code, forged.headers]).toEqual(['SignatureDoesNotMatch', expect.objectContaining(allowed)])
  const put = await send('PUT', '/bkt/other', { headers: origin, body: 'x' })
  expect(put.headers['access-control-allow-origin']).toBe('*')
  const other = await send('GET', '/bkt/key', { headers: { origin: 'https://a.test' } })
  expect([other.status, other.headers['access-control-allow-origin']]).toEqual([200, undefined])
  for (const target of ['/plain', '/missing']) {
    expect((await send('GET', target, { headers: origin })).headers).not.toHaveProperty('vary')
  }
})

test('answers of a bucket with rules vary by origin even when none is named', async () => {
  expect((await send('GET', '/bkt/key')).headers.vary).toContain('Origin')
})

test('a requester who says that it pays is told so, in a bucket where requesters pay', async () => {
  const headers = { 'x-amz-request-payer': 'requester' }
  expect((await send('HEAD', '/plain', { headers })).headers).not.toHaveProperty('x-amz-request-charged')
  const body = '<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>'
  await send('PUT', '/plain?requestPayment', { body })
  expect((await send('HEAD', '/plain', { headers })).headers['x-amz-request-charged']).toBe('requester')
  expect((await send('HEAD', '/plain')).headers).not.toHaveProperty('x-amz-request-charged')
})

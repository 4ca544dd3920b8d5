import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })

const RULES =
  '<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>'

test('PutBucketCors replaces the rules of a bucket', async () => {
  expect((await send('PUT', '/bkt?cors', { body: RULES })).status).toBe(200)
  expect((await send('PUT', '/bkt?cors', { body: RULES.replace('GET', 'PUT') })).status).toBe(200)
  const { text } = await send('GET', '/bkt?cors')
  expect(text).toContain('<AllowedMethod>PUT</AllowedMethod><AllowedOrigin>https://a.example</AllowedOrigin>')
  expect(text).not.toContain('GET')
})

test.each([
  ['<CORSConfiguration/>', 'MalformedXML'],
  ['<CORSConfiguration>', 'MalformedXML'],
  ['', 'MalformedXML'],
  [RULES.replace('GET', 'PATCH'), 'InvalidRequest'],
])('PutBucketCors refuses %s with %s and changes nothing', async (body, code) => {
  await send('PUT', '/bkt?cors', { body: RULES })
  expect((await send('PUT', '/bkt?cors', { body })).code).toBe(code)
  expect((await send('GET', '/bkt?cors')).text).toContain('<AllowedMethod>GET</AllowedMethod>')
})

test('PutBucketCors answers BadDigest for a document that did not arrive whole', async () => {
  const headers = { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' }
  expect((await send('PUT', '/bkt?cors', { body: RULES, headers })).code).toBe('BadDigest')
})

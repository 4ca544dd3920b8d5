import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

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

test('PutBucketCors takes 64 KiB and no more', async () => {
  const ofSize = (size: number) => RULES.replace('</CORSRule>', `${' '.repeat(size - RULES.length)}</CORSRule>`)
  expect((await send('PUT', '/bkt?cors', { body: ofSize(65_536) })).status).toBe(200)
  expect((await send('PUT', '/bkt?cors', { body: ofSize(65_537) })).code).toBe('MaxMessageLengthExceeded')
})

test('PutBucketCors answers BadDigest for a document that did not arrive whole', async () => {
  const headers = { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' }
  expect((await send('PUT', '/bkt?cors', { body: RULES, headers })).code).toBe('BadDigest')
})

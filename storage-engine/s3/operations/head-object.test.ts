import { beforeAll, expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'

const { gateway, send } = await openTestGateway()

beforeAll(async () => {
  await send('PUT', '/bkt')
  await sendSigned(gateway, { method: 'PUT', target: '/bkt/k', body: '0123456789' })
})

const head = (headers: Record<string, string> = {}, target = '/bkt/k') =>
  sendSigned(gateway, { method: 'HEAD', target, headers })

test('answers as GET does, with the length and without the body', async () => {
  const { status, headers, text } = await head()
  expect([status, headers['content-length'], headers.etag, text]).toEqual([
    200,
    '10',
    '"781e5e245d69b566979b86e28d23f2c7"',
    '',
  ])
  const part = await head({ range: 'bytes=8-20' })
  expect([part.status, part.headers['content-length'], part.headers['content-range']]).toEqual([
    206,
    '2',
    'bytes 8-9/10',
  ])
})

test('answers errors without a body', async () => {
  const missing = await head({}, '/bkt/missing')
  expect([missing.status, missing.text]).toEqual([404, ''])
  const beyond = await head({ range: 'bytes=10-' })
  expect([beyond.status, beyond.headers['content-range'], beyond.text]).toEqual([416, 'bytes */10', ''])
  expect((await head({ 'if-match': '"x"' })).status).toBe(412)
  expect((await head({ 'if-none-match': '*' })).status).toBe(304)
})

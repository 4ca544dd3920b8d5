import { beforeAll, expect, test } from 'vitest'
import { multipartRequests } from '#storage-engine/testing/multipart-requests.ts'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'

const { gateway, send } = await openTestGateway()
const { open } = multipartRequests({ send })

beforeAll(async () => {
  await send('PUT', '/bkt')
  await sendSigned(gateway, { method: 'PUT', target: '/bkt/source', body: '0123456789' })
  await sendSigned(gateway, { method: 'PUT', target: '/theirs', as: 'neighbour' })
  await sendSigned(gateway, { method: 'PUT', target: '/theirs/k', as: 'neighbour', body: 'secret' })
})

const copy = async (headers: Record<string, string>) =>
  send('PUT', `/bkt/k?partNumber=1&uploadId=${await open('k')}`, { headers })

test('stores a whole object, or a range of it, as a part', async () => {
  const whole = await copy({ 'x-amz-copy-source': '/bkt/source' })
  expect([whole.status, /<ETag>([^<]*)</.exec(whole.text)?.[1]]).toEqual([
    200,
    '&quot;781e5e245d69b566979b86e28d23f2c7&quot;',
  ])
  const range = await copy({ 'x-amz-copy-source': '/bkt/source', 'x-amz-copy-source-range': 'bytes=0-4' })
  expect(/<ETag>([^<]*)</.exec(range.text)?.[1]).toBe('&quot;4100c4d44da9177247e44a5fc1546778&quot;')
})

test.each([
  [{ 'x-amz-copy-source': '/bkt/source', 'x-amz-copy-source-range': 'bytes=0-10' }, 'InvalidRange'],
  [{ 'x-amz-copy-source': '/bkt/source', 'x-amz-copy-source-range': 'bytes=5-' }, 'InvalidArgument'],
  [{ 'x-amz-copy-source': '/bkt/missing' }, 'NoSuchKey'],
  [{ 'x-amz-copy-source': '/theirs/k' }, 'AccessDenied'],
  [{ 'x-amz-copy-source': '/bkt/source', 'x-amz-copy-source-if-match': 'x' }, 'PreconditionFailed'],
])('refuses %j with %s', async (headers, code) => {
  expect((await copy(headers as unknown as Record<string, string>)).code).toBe(code)
})

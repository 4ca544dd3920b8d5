import { beforeAll, expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'

const { gateway, send } = await openTestGateway()

beforeAll(async () => {
  await send('PUT', '/bkt')
  await sendSigned(gateway, {
    method: 'PUT',
    target: '/bkt/a%20%2B%C3%BC',
    headers: { 'content-type': 'text/plain', 'x-amz-meta-a': 'b' },
    body: 'hello',
  })
  await sendSigned(gateway, { method: 'PUT', target: '/theirs', as: 'neighbour' })
  await sendSigned(gateway, { method: 'PUT', target: '/theirs/k', as: 'neighbour', body: 'secret' })
})

const copy = (target: string, source: string, headers: Record<string, string> = {}) =>
  sendSigned(gateway, { method: 'PUT', target, headers: { 'x-amz-copy-source': source, ...headers } })
const get = (target: string) => sendSigned(gateway, { method: 'GET', target })

test('copies bytes, headers and metadata, and tells the ETag', async () => {
  const { status, text } = await copy('/bkt/copy', '/bkt/a%20%2B%C3%BC')
  expect(status).toBe(200)
  expect(text).toContain('<ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;</ETag>')
  const { headers, text: content } = await get('/bkt/copy')
  expect([content, headers['content-type'], headers['x-amz-meta-a']]).toEqual(['hello', 'text/plain', 'b'])
})

test('replaces headers and metadata when told to, also in place', async () => {
  const headers = { 'x-amz-metadata-directive': 'REPLACE', 'content-type': 'text/html', 'x-amz-meta-c': 'd' }
  expect((await copy('/bkt/replaced', 'bkt/a%20%2B%C3%BC', headers)).status).toBe(200)
  expect((await copy('/bkt/replaced', 'bkt/replaced', headers)).status).toBe(200)
  const answer = await get('/bkt/replaced')
  expect([
    answer.text,
    answer.headers['content-type'],
    answer.headers['x-amz-meta-a'],
    answer.headers['x-amz-meta-c'],
  ]).toEqual(['hello', 'text/html', undefined, 'd'])
})

test('refuses a copy onto itself that changes nothing', async () => {
  expect((await copy('/bkt/a%20%2B%C3%BC', '/bkt/a%20%2B%C3%BC')).code).toBe('InvalidRequest')
})

test.each([
  ['b', 'InvalidArgument'],
  ['bkt/', 'InvalidArgument'],
  ['/bkt/%zz', 'InvalidArgument'],
  ['nowhere/k', 'NoSuchBucket'],
  ['bkt/missing', 'NoSuchKey'],
  ['bkt/a%20%2B%C3%BC?versionId=01890000-0000-7000-8000-000000000000', 'NoSuchVersion'],
  ['theirs/k', 'AccessDenied'],
  ['theirs/missing', 'AccessDenied'],
  ['bkt/../theirs/k', 'NoSuchKey'],
])('refuses the source %s with %s', async (source, code) => {
  expect((await copy('/bkt/target', source)).code).toBe(code)
  expect((await get('/bkt/target')).status).toBe(404)
})

test('honours the conditions on its source', async () => {
  expect((await copy('/bkt/c', 'bkt/a%20%2B%C3%BC', { 'x-amz-copy-source-if-match': '"x"' })).code).toBe(
    'PreconditionFailed',
  )
  expect((await copy('/bkt/c', 'bkt/a%20%2B%C3%BC', { 'x-amz-copy-source-if-none-match': '"x"' })).status).toBe(200)
  expect((await copy('/bkt/c', 'bkt/a%20%2B%C3%BC', { 'if-none-match': '*' })).code).toBe('PreconditionFailed')
  expect((await copy('/bkt/c', 'bkt/a%20%2B%C3%BC', { 'x-amz-metadata-directive': 'MERGE' })).code).toBe(
    'InvalidArgument',
  )
})

test('computes the checksum that is asked for', async () => {
  const { text } = await copy('/bkt/sum', 'bkt/a%20%2B%C3%BC', { 'x-amz-checksum-algorithm': 'CRC32' })
  expect(text).toContain('<ChecksumCRC32>NhCmhg==</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType>')
})

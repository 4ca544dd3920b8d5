import { randomBytes } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'

const { gateway, send } = await openTestGateway()

beforeAll(async () => {
  await send('PUT', '/bkt')
  await sendSigned(gateway, {
    method: 'PUT',
    target: '/bkt/k',
    headers: { 'x-amz-checksum-crc32': 'poTHxg==' },
    body: '0123456789',
  })
})

const get = (headers: Record<string, string> = {}, target = '/bkt/k') =>
  sendSigned(gateway, { method: 'GET', target, headers })

test('sends the whole object with what is known of it', async () => {
  const { status, headers, text } = await get()
  expect(status).toBe(200)
  expect(text).toBe('0123456789')
  expect(headers).toMatchObject({
    'accept-ranges': 'bytes',
    'content-length': '10',
    etag: '"781e5e245d69b566979b86e28d23f2c7"',
    'x-amz-server-side-encryption': 'AES256',
  })
  expect(Date.parse(headers['last-modified'] as string)).not.toBeNaN()
})

test('sends a range as 206, without the checksum of the whole object', async () => {
  const { status, headers, text } = await get({ range: 'bytes=2-4', 'x-amz-checksum-mode': 'ENABLED' })
  expect([status, text, headers['content-range'], headers['content-length']]).toEqual([206, '234', 'bytes 2-4/10', '3'])
  expect(Object.keys(headers).filter((name) => name.startsWith('x-amz-checksum'))).toEqual([])
  expect((await get({ 'x-amz-checksum-mode': 'ENABLED' })).headers).toMatchObject({
    'x-amz-checksum-crc32': 'poTHxg==',
    'x-amz-checksum-type': 'FULL_OBJECT',
  })
})

test('sends every range of an object of several segments byte for byte', async () => {
  const content = randomBytes(200_000)
  await sendSigned(gateway, { method: 'PUT', target: '/bkt/large', body: content })
  for (const [start, end] of [
    [0, 0],
    [65_535, 65_536],
    [65_536, 131_071],
    [1, 199_998],
    [199_999, 199_999],
  ] as const) {
    const { body } = await get({ range: `bytes=${start}-${end}` }, '/bkt/large')
    expect(body.equals(content.subarray(start, end + 1))).toBe(true)
  }
})

test('answers 416 with the size behind the end, and ignores what is no single range', async () => {
  const beyond = await get({ range: 'bytes=10-' })
  expect([beyond.status, beyond.code, beyond.headers['content-range']]).toEqual([416, 'InvalidRange', 'bytes */10'])
  expect((await get({ range: 'bytes=0-1,3-4' })).status).toBe(200)
})

test('answers 304 without a body, and 412', async () => {
  const { headers } = await get()
  const etag = headers.etag as string
  const unchanged = await get({ 'if-none-match': etag })
  expect([unchanged.status, unchanged.text, unchanged.headers.etag]).toEqual([304, '', etag])
  expect((await get({ 'if-match': '"x"' })).code).toBe('PreconditionFailed')
  expect((await get({ 'if-modified-since': headers['last-modified'] as string })).status).toBe(304)
})

test('serves part 1 of an object that has no parts, and no other', async () => {
  const part = await get({}, '/bkt/k?partNumber=1')
  expect([part.status, part.text, part.headers['content-range']]).toEqual([206, '0123456789', 'bytes 0-9/10'])
  expect((await get({}, '/bkt/k?partNumber=2')).code).toBe('InvalidPart')
  expect((await get({}, '/bkt/k?partNumber=0')).code).toBe('InvalidArgument')
  expect((await get({ range: 'bytes=0-1' }, '/bkt/k?partNumber=1')).code).toBe('InvalidRequest')
})

test('lets a signed request replace response headers, but not with control characters', async () => {
  const { headers } = await get({}, '/bkt/k?response-content-disposition=attachment&response-content-type=text%2Fplain')
  expect(headers).toMatchObject({ 'content-disposition': 'attachment', 'content-type': 'text/plain' })
  expect((await get({}, '/bkt/k?response-content-type=a%0D%0Ab')).code).toBe('InvalidArgument')
})

test('reads versionId=null as the only version there is', async () => {
  expect((await get({}, '/bkt/k?versionId=null')).text).toBe('0123456789')
  expect((await get({}, '/bkt/k?versionId=01890000-0000-7000-8000-000000000000')).code).toBe('NoSuchVersion')
  expect((await get({}, '/bkt/k?versionId=nonsense')).code).toBe('InvalidArgument')
})

test('answers NoSuchKey with the key, and the request id of the header', async () => {
  const { code, text, headers } = await get({}, '/bkt/a%26b')
  expect(code).toBe('NoSuchKey')
  expect(text).toContain('<Key>a&amp;b</Key>')
  expect(text).toContain(`<RequestId>${headers['x-amz-request-id']}</RequestId>`)
  expect(text).toContain(`<HostId>${headers['x-amz-id-2']}</HostId>`)
})

test('finds the bucket by host name as well as by path, in its own namespace only', async () => {
  const host = (name: string) => ({ host: `${name}:${gateway.port}` })
  expect((await get(host('bkt.s3.us-east-1.localhost'), '/k')).text).toBe('0123456789')
  expect((await get(host('bkt.localhost'), '/k')).text).toBe('0123456789')
  expect((await get(host('bkt.acme.s3.us-east-1.localhost'), '/k')).text).toBe('0123456789')
  expect((await get(host('acme.s3.us-east-1.localhost'), '/bkt/k')).text).toBe('0123456789')
  expect((await get(host('globex.s3.us-east-1.localhost'), '/bkt/k')).code).toBe('NoSuchBucket')
})

test('honours x-amz-expected-bucket-owner', async () => {
  const owner = /<ID>(\w+)<\/ID>/.exec((await get({}, '/')).text)?.[1] as string
  expect((await get({ 'x-amz-expected-bucket-owner': owner })).status).toBe(200)
  expect((await get({ 'x-amz-expected-bucket-owner': '0'.repeat(64) })).code).toBe('AccessDenied')
})

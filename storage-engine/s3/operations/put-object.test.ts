import { afterAll, beforeAll, expect, test } from 'vitest'
import { checksumOf } from '#storage-engine/crypto/checksums.ts'
import { frameChunks, sendRaw, sendSigned, signHeaders } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
})

afterAll(() => gateway.stop())

const put = (headers: Record<string, string>, body = 'hello') =>
  sendSigned(gateway, { method: 'PUT', target: '/bkt/k', headers, body })
const get = (target = '/bkt/k') => sendSigned(gateway, { method: 'GET', target })

test('stores the body and answers with its MD5 as ETag, sealed where the namespace seals', async () => {
  const answer = await put({})
  expect(answer.status).toBe(200)
  expect(answer.headers).toMatchObject({
    etag: '"5d41402abc4b2a76b9719d911017c592"',
    'x-amz-server-side-encryption': 'AES256',
  })
  expect(answer.headers['x-amz-request-id']).toMatch(/^[0-9A-F]{16}$/)
  expect(answer.headers['x-amz-version-id']).toBeUndefined()
  expect((await get()).text).toBe('hello')
})

test('seals on request where the namespace does not, and says so only of what is sealed', async () => {
  await sendSigned(gateway, { method: 'PUT', target: '/open', as: 'neighbour' })
  const send = (headers: Record<string, string>) =>
    sendSigned(gateway, { method: 'PUT', target: '/open/k', headers, body: 'x', as: 'neighbour' })
  expect((await send({})).headers['x-amz-server-side-encryption']).toBeUndefined()
  expect((await send({ 'x-amz-server-side-encryption': 'AES256' })).headers['x-amz-server-side-encryption']).toBe(
    'AES256',
  )
})

test('gives back system headers and metadata as they came, without the transfer framing', async () => {
  const latin1 = Buffer.from('\u00fc\u20ac').toString('latin1')
  await put(
    {
      'cache-control': 'no-store',
      'content-disposition': 'attachment; filename="a b"',
      'content-encoding': 'aws-chunked,gzip',
      'content-language': 'fr',
      'content-type': 'text/x; charset=utf-8',
      expires: 'Fri, 02 Jan 2026 03:04:05 GMT',
      'x-amz-meta-name': 'a b',
      'x-amz-meta-encoded': '=?UTF-8?B?w7w=?=',
    },
    'hello',
  )
  expect((await get()).headers).toMatchObject({
    'cache-control': 'no-store',
    'content-disposition': 'attachment; filename="a b"',
    'content-encoding': 'gzip',
    'content-language': 'fr',
    'content-type': 'text/x; charset=utf-8',
    expires: 'Fri, 02 Jan 2026 03:04:05 GMT',
    'x-amz-meta-encoded': '=?UTF-8?B?w7w=?=',
  })
  await put({ 'x-amz-meta-raw': latin1 })
  expect((await get()).headers).toMatchObject({ 'x-amz-meta-raw': latin1, 'content-type': 'binary/octet-stream' })
})

test.each([
  ['gzip,aws-chunked', 'gzip'],
  ['aws-chunked, gzip', 'gzip'],
  ['deflate, gzip,aws-chunked', 'deflate, gzip'],
  ['AWS-Chunked', undefined],
  ['aws-chunked, aws-chunked', undefined],
])('keeps of the Content-Encoding %j what the content has: %j', async (sent, kept) => {
  await put({ 'content-encoding': sent })
  expect((await get()).headers['content-encoding']).toBe(kept)
})

test.each([
  ['x-amz-checksum-crc32', 'NhCmhg=='],
  ['x-amz-checksum-crc32c', 'mnG7TA=='],
  ['x-amz-checksum-sha1', 'qvTGHdzF6KLavt4PO0gs2a6pQ00='],
  ['x-amz-checksum-sha256', 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ='],
])('verifies %s, keeps it, and gives it back when asked', async (name, value) => {
  expect((await put({ [name]: value })).headers[name]).toBe(value)
  expect(
    (await sendSigned(gateway, { method: 'HEAD', target: '/bkt/k', headers: { 'x-amz-checksum-mode': 'ENABLED' } }))
      .headers[name],
  ).toBe(value)
  expect((await get()).headers[name]).toBeUndefined()
  expect((await put({ [name]: value }, 'hellO')).code).toBe('BadDigest')
})

test.each([
  [{ 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }, 'BadDigest'],
  [{ 'content-md5': 'nonsense' }, 'InvalidDigest'],
  [{ 'x-amz-checksum-crc32': 'AAAA' }, 'BadDigest'],
  [{ 'x-amz-checksum-crc32': 'NhCmhg==', 'x-amz-checksum-sha1': 'qvTGHdzF6KLavt4PO0gs2a6pQ00=' }, 'InvalidRequest'],
  [{ 'x-amz-sdk-checksum-algorithm': 'CRC32' }, 'InvalidRequest'],
  [{ 'x-amz-checksum-md5': 'AAAA' }, 'InvalidRequest'],
  [{ 'x-amz-storage-class': 'FROZEN' }, 'InvalidStorageClass'],
  [{ 'x-amz-acl': 'everybody' }, 'InvalidArgument'],
  [{ 'x-amz-grant-read': 'id=x' }, 'InvalidArgument'],
  [{ 'x-amz-tagging': 'a=%3Cb%3E' }, 'InvalidTag'],
  [{ 'x-amz-object-lock-mode': 'GOVERNANCE' }, 'InvalidRequest'],
  [{ 'x-amz-website-redirect-location': 'ftp://x' }, 'InvalidRedirectLocation'],
  [{ 'x-amz-server-side-encryption': 'aws:kms' }, 'KMS.NotFoundException'],
  [{ 'x-amz-server-side-encryption': 'ROT13' }, 'InvalidArgument'],
  [{ 'x-amz-server-side-encryption-customer-algorithm': 'AES256' }, 'InvalidArgument'],
  [{ 'x-amz-meta-a': 'x'.repeat(2048) }, 'MetadataTooLarge'],
  [{ 'if-match': '"x"' }, 'NoSuchKey'],
])('refuses %j with %s and stores nothing', async (headers, code) => {
  const target = '/bkt/refused'
  const answer = await sendSigned(gateway, {
    method: 'PUT',
    target,
    headers: headers as unknown as Record<string, string>,
    body: 'hello',
  })
  expect(answer.code).toBe(code)
  expect((await get(target)).status).toBe(404)
})

test('takes 2 KB of user metadata, and accepts the private ACLs and STANDARD that every client may send', async () => {
  const headers = {
    'x-amz-meta-a': 'x'.repeat(2047),
    'x-amz-acl': 'bucket-owner-full-control',
    'x-amz-storage-class': 'STANDARD',
  }
  expect((await put(headers)).status).toBe(200)
})

test('answers 412 when If-None-Match is * and the key exists, and replaces it when If-Match holds', async () => {
  const { headers } = await put({}, 'one')
  expect((await put({ 'if-none-match': '*' })).code).toBe('PreconditionFailed')
  expect((await put({ 'if-match': '"0"' })).code).toBe('PreconditionFailed')
  expect((await put({ 'if-match': headers.etag as string }, 'two')).status).toBe(200)
  expect((await get()).text).toBe('two')
})

test('answers EntityTooLarge over 5 GiB before a byte is sent', async () => {
  const headers = { 'content-length': String(5 * 1024 ** 3 + 1) }
  const answer = await sendSigned(gateway, {
    method: 'PUT',
    target: '/bkt/big',
    headers,
    payloadHash: 'UNSIGNED-PAYLOAD',
  })
  expect(answer.code).toBe('EntityTooLarge')
})

test.each([
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
])('takes off the framing of %s, with and without a Content-Length', async (payloadHash) => {
  const content = Buffer.alloc(200_000, 'x')
  const trailer = payloadHash.endsWith('TRAILER') ? { name: 'x-amz-checksum-crc32', value: crc32(content) } : null
  for (const framing of ['content-length', 'transfer-encoding'] as const) {
    const headers: Record<string, string> = {
      host: `127.0.0.1:${gateway.port}`,
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': '200000',
    }
    if (trailer !== null) headers['x-amz-trailer'] = trailer.name
    const seed = signHeaders({
      method: 'PUT',
      target: '/bkt/framed',
      headers,
      payloadHash,
      credentials: gateway.credentials.root,
    })
    const isSigned = payloadHash.includes('HMAC')
    const body = frameChunks({
      seed,
      chunks: [content.subarray(0, 65_536), content.subarray(65_536)],
      trailer,
      isSigned,
    })
    const length: Record<string, string> =
      framing === 'content-length' ? { 'content-length': String(body.length) } : { 'transfer-encoding': 'chunked' }
    const answer = await sendRaw(gateway, {
      method: 'PUT',
      target: '/bkt/framed',
      headers: { ...seed.headers, ...length },
      body,
    })
    expect(answer.code).toBe('')
    const got = await get('/bkt/framed')
    expect(got.body.equals(content)).toBe(true)
    expect(got.headers['content-encoding']).toBeUndefined()
  }
})

test.each([
  ['UNSIGNED-PAYLOAD', 'root'],
  ['UNSIGNED-PAYLOAD', null],
] as const)('refuses a body in chunks that %s calls plain, of %s', async (payloadHash, as) => {
  const body = `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:${crc32(Buffer.from('hello'))}\r\n\r\n`
  const target = '/chunked/framed'
  await sendSigned(gateway, { method: 'PUT', target: '/chunked', headers: { 'x-amz-acl': 'public-read-write' } })
  for (const own of [{ 'x-amz-decoded-content-length': '5' }, { 'x-amz-trailer': 'x-amz-checksum-crc32' }]) {
    const headers = { 'content-encoding': 'aws-chunked', ...own } as unknown as Record<string, string>
    const answer = await sendSigned(gateway, { method: 'PUT', target, as, payloadHash, headers, body })
    expect(answer).toMatchObject({ status: 400, code: 'InvalidRequest' })
  }
  expect((await get(target)).status).toBe(404)
})

test('answers IncompleteBody when the decoded length is not the one announced, MalformedTrailerError when a promised trailer is missing', async () => {
  const send = async (decoded: string, trailer: { name: string; value: string }) => {
    const headers = {
      host: `127.0.0.1:${gateway.port}`,
      'x-amz-decoded-content-length': decoded,
      'x-amz-trailer': 'x-amz-checksum-crc32',
    }
    const seed = signHeaders({
      method: 'PUT',
      target: '/bkt/broken',
      headers,
      payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      credentials: gateway.credentials.root,
    })
    const body = frameChunks({ seed, chunks: [Buffer.from('hello')], trailer, isSigned: false })
    const answer = await sendRaw(gateway, {
      method: 'PUT',
      target: '/bkt/broken',
      headers: { ...seed.headers, 'content-length': String(body.length) },
      body,
    })
    return answer.code
  }
  const right = { name: 'x-amz-checksum-crc32', value: 'NhCmhg==' }
  expect(await send('4', right)).toBe('IncompleteBody')
  expect(await send('6', right)).toBe('IncompleteBody')
  expect(await send('5', { name: 'x-amz-checksum-sha1', value: 'x' })).toBe('MalformedTrailerError')
  expect((await get('/bkt/broken')).status).toBe(404)
})

test('answers KeyTooLongError over 1,024 bytes and InvalidURI for a key with NUL', async () => {
  expect((await sendSigned(gateway, { method: 'PUT', target: `/bkt/${'k'.repeat(1025)}` })).code).toBe(
    'KeyTooLongError',
  )
  expect((await sendSigned(gateway, { method: 'PUT', target: `/bkt/${'k'.repeat(1024)}` })).status).toBe(200)
  expect((await sendSigned(gateway, { method: 'PUT', target: '/bkt/%00' })).code).toBe('InvalidURI')
})

function crc32(content: Buffer): string {
  return checksumOf('CRC32', content)
}

test('lets a storage account that may only write share nothing by an ACL', async () => {
  const target = '/bkt/by-account'
  const allow = (...Action: string[]) => {
    const Statement = { Effect: 'Allow', Principal: '*', Action, Resource: 'arn:aws:s3:::bkt/*' }
    return sendSigned(gateway, { method: 'PUT', target: '/bkt?policy', body: JSON.stringify({ Statement }) })
  }
  const putAs = (headers: Record<string, string>) =>
    sendSigned(gateway, { method: 'PUT', target, as: 'account', body: 'x', headers })
  const group = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'
  await allow('s3:PutObject')
  for (const headers of [{ 'x-amz-acl': 'public-read' }, { 'x-amz-grant-read': group }]) {
    expect((await putAs(headers as unknown as Record<string, string>)).code).toBe('AccessDenied')
  }
  expect((await putAs({ 'x-amz-acl': 'private' })).status).toBe(200)
  await allow('s3:PutObject', 's3:PutObjectAcl')
  expect((await putAs({ 'x-amz-acl': 'public-read' })).status).toBe(200)
  expect((await sendSigned(gateway, { method: 'GET', target, as: null })).text).toBe('x')
  await sendSigned(gateway, { method: 'DELETE', target: '/bkt?policy' })
})

import { createHash, randomBytes } from 'node:crypto'
import https from 'node:https'
import { crc32c } from '@node-rs/crc32'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SESSION_COOKIE } from '#storage-engine/accounts/console-sessions.ts'
import { newId } from '#storage-engine/ids.ts'
import { findShred, insertShred, type NamespaceShred } from '#storage-engine/metadata/namespace-shreds.ts'
import { shredNamespace } from '#storage-engine/namespaces/shred-namespace.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'
import { type Person, startTestConsole, type TestConsole } from '#storage-engine/testing/start-test-console.ts'

const MIB = 1024 * 1024
let testConsole: TestConsole

beforeAll(async () => {
  testConsole = await startTestConsole()
  const { service } = testConsole
  await service.buckets.create(await testConsole.actorOf('owner'), { namespace: 'acme', name: 'photos' })
  await service.buckets.create(await testConsole.actorOf('neighbour'), { namespace: 'globex', name: 'theirs' })
})
afterAll(() => testConsole.stop())

const pathOf = (key: string, { resource = 'object', bucket = 'photos', query = '' } = {}) =>
  `/_data/acme/${bucket}/${resource}?${new URLSearchParams({ key })}${query}`
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')
const md5 = (content: Buffer) => referenceMd5(content).toString('hex')

function checksumOf(content: Buffer): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32c(content))
  return bytes.toString('base64')
}

function put(key: string, body: Buffer | string, headers: Record<string, string> = {}, as: Person = 'writer') {
  return testConsole.send({ method: 'PUT', path: pathOf(key), as, body, headers })
}

function get(key: string, headers: Record<string, string> = {}, query = '') {
  return testConsole.send({ path: pathOf(key, { query }), as: 'reader', headers })
}

test('stores a small file and gives it back', async () => {
  const written = await put('a/é +1.txt', 'hello', { 'content-type': 'text/plain' })
  expect(written).toMatchObject({
    status: 200,
    json: { key: 'a/é +1.txt', etag: md5(Buffer.from('hello')), size: 5, sealed: true },
  })
  const read = await get('a/é +1.txt')
  expect(read.status).toBe(200)
  expect(read.body.toString()).toBe('hello')
  expect(read.headers).toMatchObject({
    etag: `"${md5(Buffer.from('hello'))}"`,
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  })
})

test('stores and gives back an empty file', async () => {
  expect((await put('empty', '')).json.size).toBe(0)
  const read = await get('empty')
  expect(read.status).toBe(200)
  expect(read.body).toHaveLength(0)
})

test('takes a 37 MB file in one request and gives back every byte, its checksum verified', async () => {
  const content = randomBytes(37_000_000)
  const written = await put('big.bin', content, { 'x-sceau-checksum-crc32c': checksumOf(content) })
  expect(written.json).toMatchObject({ size: content.length, etag: md5(content) })
  const read = await get('big.bin')
  expect(read.headers['content-length']).toBe(String(content.length))
  expect(sha256(read.body)).toBe(sha256(content))
})

test('takes a 37 MB file in parts and gives back every byte', async () => {
  const content = randomBytes(37_000_000)
  const opened = await testConsole.send({
    method: 'POST',
    path: pathOf('parts.bin', { resource: 'uploads', query: '&type=video%2Fmp4' }),
    as: 'writer',
  })
  expect(opened).toMatchObject({ status: 201, json: { uploadId: expect.any(String) } })
  const upload = `uploads/${opened.json.uploadId}`
  const chunks = [content.subarray(0, 16 * MIB), content.subarray(16 * MIB, 32 * MIB), content.subarray(32 * MIB)]
  const answers = await Promise.all(
    chunks.map((chunk, index) =>
      testConsole.send({
        method: 'PUT',
        path: pathOf('parts.bin', { resource: `${upload}/parts/${index + 1}` }),
        as: 'writer',
        body: chunk,
        headers: { 'x-sceau-checksum-crc32c': checksumOf(chunk) },
      }),
    ),
  )
  expect(answers.map(({ json }) => json)).toEqual(
    chunks.map((chunk, index) => ({ partNumber: index + 1, etag: md5(chunk), size: chunk.length })),
  )
  const listed = await testConsole.send({ path: pathOf('parts.bin', { resource: upload }), as: 'writer' })
  expect(listed.json.parts).toEqual(answers.map(({ json }) => json))
  expect((await get('parts.bin')).status).toBe(404)

  const completed = await complete('parts.bin', upload, listed.json.parts)
  expect(completed).toMatchObject({ status: 200, json: { key: 'parts.bin', size: content.length, sealed: true } })
  const read = await get('parts.bin', {}, '&disposition=inline')
  expect(read.headers['content-type']).toBe('video/mp4')
  expect(sha256(read.body)).toBe(sha256(content))
  const middle = await get('parts.bin', { range: `bytes=${16 * MIB - 3}-${16 * MIB + 2}` })
  expect(middle.body).toEqual(content.subarray(16 * MIB - 3, 16 * MIB + 3))
})

function complete(key: string, upload: string, parts: unknown, headers: Record<string, string> = {}) {
  return testConsole.send({
    method: 'POST',
    path: pathOf(key, { resource: `${upload}/complete` }),
    as: 'writer',
    body: JSON.stringify({ parts }),
    headers: { 'content-type': 'application/json', ...headers },
  })
}

async function openUpload(key: string): Promise<string> {
  const { json } = await testConsole.send({ method: 'POST', path: pathOf(key, { resource: 'uploads' }), as: 'writer' })
  return `uploads/${json.uploadId}`
}

test('refuses a body that is not what its checksum says, and keeps nothing of it', async () => {
  const claimed = { 'x-sceau-checksum-crc32c': checksumOf(Buffer.from('other')) }
  expect(await put('damaged', 'hello', claimed)).toMatchObject({ status: 400, json: { error: { code: 'BadDigest' } } })
  expect((await get('damaged')).status).toBe(404)
  const upload = await openUpload('damaged')
  const part = { method: 'PUT', path: pathOf('damaged', { resource: `${upload}/parts/1` }), as: 'writer' as const }
  expect((await testConsole.send({ ...part, body: 'hello', headers: claimed })).json.error.code).toBe('BadDigest')
  expect((await testConsole.send({ path: pathOf('damaged', { resource: upload }), as: 'writer' })).json.parts).toEqual(
    [],
  )
})

test.each(['AAAA', 'not base64!!', 'AAAAAAAA'])('refuses the checksum %s, which is none', async (value) => {
  const answer = await put('x', 'hello', { 'x-sceau-checksum-crc32c': value })
  expect(answer).toMatchObject({ status: 400, json: { error: { code: 'InvalidRequest' } } })
})

test('replaces nothing when asked not to, also by a finished multipart upload', async () => {
  await put('kept', 'first')
  expect(await put('kept', 'second', { 'if-none-match': '*' })).toMatchObject({
    status: 412,
    json: { error: { code: 'PreconditionFailed' } },
  })
  const upload = await openUpload('kept')
  const part = await testConsole.send({
    method: 'PUT',
    path: pathOf('kept', { resource: `${upload}/parts/1` }),
    as: 'writer',
    body: 'third',
  })
  expect((await complete('kept', upload, [part.json], { 'if-none-match': '*' })).status).toBe(412)
  expect((await get('kept')).body.toString()).toBe('first')
  expect((await put('kept', 'x', { 'if-none-match': '"abc"' })).json.error.code).toBe('InvalidRequest')
  expect((await put('new', 'x', { 'if-none-match': '*' })).status).toBe(200)
})

test('answers ranges, revalidation and stale If-Range', async () => {
  const { json } = await put('ten', '0123456789')
  const etag = `"${json.etag}"`
  const part = await get('ten', { range: 'bytes=2-4' })
  expect(part).toMatchObject({ status: 206, headers: { 'content-range': 'bytes 2-4/10', 'content-length': '3' } })
  expect(part.body.toString()).toBe('234')
  expect((await get('ten', { range: 'bytes=-2', 'if-range': etag })).body.toString()).toBe('89')
  expect((await get('ten', { range: 'bytes=-2', 'if-range': '"old"' })).body.toString()).toBe('0123456789')
  expect(await get('ten', { range: 'bytes=10-' })).toMatchObject({
    status: 416,
    headers: { 'content-range': 'bytes */10' },
  })
  const known = await get('ten', { 'if-none-match': `"x", W/${etag}` })
  expect(known).toMatchObject({ status: 304, headers: { etag } })
  const head = await testConsole.send({ method: 'HEAD', path: pathOf('ten'), as: 'reader' })
  expect(head).toMatchObject({ status: 200, headers: { 'content-length': '10', etag } })
})

test('never lets a stored page run on the console’s origin', async () => {
  await put('evil.html', '<script>alert(1)</script>', { 'content-type': 'text/html' })
  const shown = await get('evil.html', {}, '&disposition=inline')
  expect(shown.headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-security-policy': expect.stringMatching(/^sandbox/),
    'x-content-type-options': 'nosniff',
  })
  expect((await get('evil.html')).headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-disposition': expect.stringMatching(/^attachment; filename="evil.html"/),
  })
})

test('gives an upload up for good', async () => {
  const upload = await openUpload('given-up')
  const abort = { method: 'DELETE', path: pathOf('given-up', { resource: upload }), as: 'writer' as const }
  expect((await testConsole.send(abort)).status).toBe(204)
  expect((await testConsole.send(abort)).json.error.code).toBe('NoSuchUpload')
  const part = {
    method: 'PUT',
    path: pathOf('given-up', { resource: `${upload}/parts/1` }),
    as: 'writer' as const,
    body: 'x',
  }
  expect((await testConsole.send(part)).json.error.code).toBe('NoSuchUpload')
})

test.each([
  ['a part number of zero', 'PUT', 'parts/0', 400, 'InvalidArgument'],
  ['a part number over 10,000', 'PUT', 'parts/10001', 400, 'InvalidArgument'],
  ['another method', 'PATCH', '', 405, 'MethodNotAllowed'],
  ['another resource', 'PUT', 'metadata', 405, 'MethodNotAllowed'],
])('refuses %s', async (_, method, step, status, code) => {
  const upload = await openUpload('refused')
  const path = pathOf('refused', { resource: step === '' ? upload : `${upload}/${step}` })
  expect(await testConsole.send({ method, path, as: 'writer', body: 'x' })).toMatchObject({
    status,
    json: { error: { code } },
  })
})

test.each([
  ['no parts', { parts: [] }, 'InvalidArgument'],
  ['no object', [], 'InvalidArgument'],
  ['a part that never came', { parts: [{ partNumber: 1, etag: 'a'.repeat(32) }] }, 'InvalidPart'],
])('refuses to complete with %s', async (_, body, code) => {
  const upload = await openUpload('incomplete')
  const answer = await testConsole.send({
    method: 'POST',
    path: pathOf('incomplete', { resource: `${upload}/complete` }),
    as: 'writer',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
  expect(answer).toMatchObject({ status: 400, json: { error: { code } } })
})

test('refuses an upload id that is none as NoSuchUpload', async () => {
  const answer = await testConsole.send({
    path: pathOf('x', { resource: 'uploads/1%3B%20drop%20table' }),
    as: 'writer',
  })
  expect(answer.json.error.code).toBe('NoSuchUpload')
})

test('refuses a body without a length', async () => {
  const answer = await put('chunked', 'x', { 'transfer-encoding': 'chunked' })
  expect(answer).toMatchObject({ status: 411, json: { error: { code: 'MissingContentLength' } } })
})

test('answers a refusal in full although the client is still sending', async () => {
  const answer = await testConsole.send({ method: 'PUT', path: pathOf('x'), as: 'reader', body: randomBytes(4 * MIB) })
  expect(answer).toMatchObject({
    status: 403,
    json: { error: { code: 'AccessDenied', requestId: expect.any(String) } },
  })
})

test('keeps nothing of a file whose sender hangs up', async () => {
  const { port, ca } = testConsole
  const headers = {
    cookie: `${SESSION_COOKIE}=${await testConsole.signIn('writer')}`,
    origin: `https://127.0.0.1:${port}`,
    'sec-fetch-site': 'same-origin',
    'content-length': 10 * MIB,
  }
  await new Promise<void>((resolve) => {
    const request = https.request({
      host: '127.0.0.1',
      port,
      ca,
      agent: false,
      method: 'PUT',
      path: pathOf('cut'),
      headers,
    })
    request.on('error', () => resolve())
    request.write(randomBytes(MIB), () => setTimeout(() => request.destroy(new Error('gone')), 50))
  })
  expect((await get('cut')).status).toBe(404)
})

test.each([
  ['nobody', null, 'PUT', 'photos', 401, 'NotSignedIn'],
  ['nobody', null, 'GET', 'photos', 401, 'NotSignedIn'],
  ['a reader', 'reader', 'PUT', 'photos', 403, 'AccessDenied'],
  ['an auditor', 'auditor', 'PUT', 'photos', 403, 'AccessDenied'],
  ['an administrator who is no member', 'admin', 'GET', 'photos', 403, 'AccessDenied'],
  ['a stranger', 'neighbour', 'GET', 'photos', 404, 'NoSuchNamespace'],
  ['a stranger', 'neighbour', 'PUT', 'photos', 404, 'NoSuchNamespace'],
  ['a member, asking for a bucket of another namespace', 'owner', 'GET', 'theirs', 404, 'NoSuchBucket'],
  ['a member, asking for a bucket that does not exist', 'owner', 'PUT', 'nowhere', 404, 'NoSuchBucket'],
] as const)('refuses %s (%s, %s %s)', async (_, as, method, bucket, status, code) => {
  await put('secret', 'secret')
  const body = method === 'PUT' ? { body: 'overwritten' } : {}
  const answer = await testConsole.send({ method, path: pathOf('secret', { bucket }), as, ...body })
  expect(answer).toMatchObject({ status, json: { error: { code } } })
  expect((await get('secret')).body.toString()).toBe('secret')
})

test('gives nothing of a namespace whose keys were destroyed, be it plain', async () => {
  const { engine, namespaceIds } = testConsole
  const ask = (method: string) =>
    testConsole.send({
      method,
      path: '/_data/globex/theirs/object?key=plain',
      as: 'neighbour',
      ...(method === 'PUT' && { body: 'x' }),
    })
  expect((await ask('PUT')).json.sealed).toBe(false)
  const order = { id: newId(), namespaceId: namespaceIds.globex, scheduledBy: 'x', dueAt: new Date() }
  await insertShred(engine.db, order)
  expect((await ask('GET')).status).toBe(200)
  await shredNamespace(engine, (await findShred(engine.db, order)) as NamespaceShred)
  for (const method of ['GET', 'HEAD', 'PUT']) expect((await ask(method)).status, method).toBe(403)
})

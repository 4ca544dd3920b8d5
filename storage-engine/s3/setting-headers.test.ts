import { afterAll, beforeAll, expect, test } from 'vitest'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await send('PUT', '/bkt')
  await send('PUT', '/locked', { headers: { 'x-amz-bucket-object-lock-enabled': 'true' } })
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })

const head = async (target: string) => (await send('HEAD', target)).headers

const DIGEST = { 'content-md5': referenceMd5('x').toString('base64') }
const YEAR = new Date().getUTCFullYear() + 2
const RETENTION = {
  'x-amz-object-lock-mode': 'GOVERNANCE',
  'x-amz-object-lock-retain-until-date': `${YEAR}-01-01T00:00:00.000Z`,
}

/** Each way of writing an object: resolves to the answer of the request that carries the headers. */
const WRITES: Record<string, (target: string, headers: Record<string, string>) => ReturnType<typeof send>> = {
  PutObject: (target, headers) => send('PUT', target, { headers: { ...DIGEST, ...headers }, body: 'x' }),
  CopyObject: async (target, headers) => {
    await send('PUT', '/bkt/source', { body: 'x' })
    const directive = { 'x-amz-copy-source': '/bkt/source', 'x-amz-tagging-directive': 'REPLACE' }
    return send('PUT', target, { headers: { ...directive, ...headers } })
  },
  CreateMultipartUpload: async (target, headers) => {
    const created = await send('POST', `${target}?uploads`, { headers })
    const id = /<UploadId>(.*)<\/UploadId>/.exec(created.text)?.[1]
    if (id === undefined) return created
    const part = await send('PUT', `${target}?partNumber=1&uploadId=${id}`, { body: 'x', headers: DIGEST })
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`
    const completed = await send('POST', `${target}?uploadId=${id}`, { body })
    expect([part.status, completed.status]).toEqual([200, 200])
    return created
  },
}

const writes = Object.entries(WRITES)

test.each(writes)('%s keeps tags and redirect, and HEAD shows them', async (name, write) => {
  const headers = { 'x-amz-tagging': 'a=1&b=%C3%A9', 'x-amz-website-redirect-location': '/there' }
  expect((await write(`/bkt/${name}`, headers)).status).toBe(200)
  expect(await head(`/bkt/${name}`)).toMatchObject({
    'x-amz-tagging-count': '2',
    'x-amz-website-redirect-location': '/there',
  })
})

test.each(writes)('%s keeps retention and legal hold, and HEAD shows them', async (name, write) => {
  const headers = { ...RETENTION, 'x-amz-object-lock-legal-hold': 'OFF' }
  expect((await write(`/locked/${name}`, headers)).status).toBe(200)
  expect(await head(`/locked/${name}`)).toMatchObject(headers)
})

test.each(writes)('%s without any such header shows none', async (name, write) => {
  await write(`/bkt/plain-${name}`, { 'x-amz-tagging': '' })
  const headers = Object.keys(await head(`/bkt/plain-${name}`)).join()
  expect(headers).not.toMatch(/tagging|object-lock|redirect/)
})

const REFUSED: [Record<string, string>, string][] = [
  [{ 'x-amz-tagging': 'a=1&a=2' }, 'InvalidArgument'],
  [{ 'x-amz-tagging': `${'k'.repeat(129)}=` }, 'InvalidTag'],
  [{ 'x-amz-website-redirect-location': 'there' }, 'InvalidRedirectLocation'],
  [{ 'x-amz-website-redirect-location': `/${'x'.repeat(2048)}` }, 'InvalidRedirectLocation'],
  [{ 'x-amz-object-lock-mode': 'GOVERNANCE' }, 'InvalidArgument'],
  [{ ...RETENTION, 'x-amz-object-lock-mode': 'governance' }, 'InvalidArgument'],
  [{ ...RETENTION, 'x-amz-object-lock-retain-until-date': 'tomorrow' }, 'InvalidArgument'],
  [{ ...RETENTION, 'x-amz-object-lock-retain-until-date': '2020-01-01T00:00:00Z' }, 'InvalidArgument'],
  [{ 'x-amz-object-lock-legal-hold': 'YES' }, 'InvalidArgument'],
]

test.each(REFUSED)('every way of writing refuses %j with %s', async (headers, code) => {
  for (const [name, write] of writes) {
    expect((await write(`/locked/refused-${name}`, headers)).code).toBe(code)
    expect((await send('HEAD', `/locked/refused-${name}`)).status).toBe(404)
  }
})

test.each(writes)('%s refuses a lock in a bucket without object lock', async (_name, write) => {
  expect((await write('/bkt/refused', RETENTION)).code).toBe('InvalidRequest')
})

test('a copy takes the tags of its source unless it replaces them, and never the redirect', async () => {
  const headers = { 'x-amz-tagging': 'a=1&b=2', 'x-amz-website-redirect-location': '/there' }
  await send('PUT', '/bkt/tagged', { body: 'x', headers })
  const copy = { 'x-amz-copy-source': '/bkt/tagged' }
  await send('PUT', '/bkt/copied', { headers: { ...copy, 'x-amz-tagging': 'ignored=1' } })
  expect(await head('/bkt/copied')).toMatchObject({ 'x-amz-tagging-count': '2' })
  expect(await head('/bkt/copied')).not.toHaveProperty('x-amz-website-redirect-location')
  await send('PUT', '/bkt/emptied', { headers: { ...copy, 'x-amz-tagging-directive': 'REPLACE' } })
  expect(await head('/bkt/emptied')).not.toHaveProperty('x-amz-tagging-count')
})

test('a locked body must come with a digest, be it locked by itself or by the default of its bucket', async () => {
  expect((await send('PUT', '/locked/k', { body: 'x', headers: RETENTION })).code).toBe('InvalidRequest')
  const checksum = { 'x-amz-checksum-crc32': 'jNwWgw==' }
  expect((await send('PUT', '/locked/k', { body: 'x' })).status).toBe(200)
  const rule = '<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>'
  const body = `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>${rule}</ObjectLockConfiguration>`
  const digest = { 'content-md5': referenceMd5(body).toString('base64') }
  expect((await send('PUT', '/locked?object-lock', { body, headers: digest })).status).toBe(200)
  expect((await send('PUT', '/locked/k', { body: 'x' })).code).toBe('InvalidRequest')
  expect((await send('PUT', '/locked/k', { body: 'x', headers: DIGEST })).status).toBe(200)
  expect((await send('PUT', '/locked/k', { body: 'x', headers: checksum })).status).toBe(200)
  const created = await send('POST', '/locked/parts?uploads')
  const id = /<UploadId>(.*)<\/UploadId>/.exec(created.text)?.[1]
  const part = `/locked/parts?partNumber=1&uploadId=${id}`
  expect((await send('PUT', part, { body: 'x' })).code).toBe('InvalidRequest')
  expect((await send('PUT', part, { body: 'x', headers: DIGEST })).status).toBe(200)
})

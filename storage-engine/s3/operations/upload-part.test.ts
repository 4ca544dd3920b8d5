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

async function open(key: string, headers: Record<string, string> = {}): Promise<string> {
  const { text } = await send('POST', `/bkt/${key}?uploads=`, { headers })
  return /<UploadId>([^<]*)</.exec(text)?.[1] as string
}

const part = (key: string, uploadId: string, partNumber: number, body: Buffer | string) =>
  send('PUT', `/bkt/${key}?partNumber=${partNumber}&uploadId=${uploadId}`, { body })

test('stores a part under its number, and replaces it', async () => {
  const uploadId = await open('k')
  expect((await part('k', uploadId, 1, 'hello')).headers).toMatchObject({
    etag: '"5d41402abc4b2a76b9719d911017c592"',
    'x-amz-server-side-encryption': 'AES256',
  })
  expect((await part('k', uploadId, 1, 'other')).status).toBe(200)
})

test.each([0, 10_001])('answers InvalidArgument for part number %i', async (partNumber) => {
  expect((await part('k', await open('k'), partNumber, 'x')).code).toBe('InvalidArgument')
})

test('answers NoSuchUpload for an unknown upload and for that of another key', async () => {
  expect((await part('k', 'nonsense', 1, 'x')).code).toBe('NoSuchUpload')
  expect((await part('other', await open('k'), 1, 'x')).code).toBe('NoSuchUpload')
})

test('never takes a part without an upload for an object', async () => {
  expect((await send('PUT', '/bkt/k?partNumber=1', { body: 'x' })).code).toBe('InvalidArgument')
  expect((await send('GET', '/bkt/k')).code).toBe('NoSuchKey')
})

test('holds the body against its checksum', async () => {
  const uploadId = await open('k')
  const headers = { 'x-amz-checksum-crc32': 'AAAAAA==' }
  expect((await send('PUT', `/bkt/k?partNumber=1&uploadId=${uploadId}`, { body: 'x', headers })).code).toBe('BadDigest')
})

import { expect, test } from 'vitest'
import { multipartRequests } from '#storage-engine/testing/multipart-requests.ts'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
const { open, part } = multipartRequests({ send })
await send('PUT', '/bkt')

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

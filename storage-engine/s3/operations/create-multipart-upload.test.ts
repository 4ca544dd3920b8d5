import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('opens an upload and says how it will be summed and sealed', async () => {
  const headers = { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'FULL_OBJECT' }
  const answer = await send('POST', '/bkt/k?uploads', { headers })
  expect(answer.status).toBe(200)
  expect(answer.text).toMatch(/<Bucket>bkt<\/Bucket><Key>k<\/Key><UploadId>[0-9a-f-]{36}<\/UploadId>/)
  expect(answer.headers).toMatchObject({ ...headers, 'x-amz-server-side-encryption': 'AES256' })
})

test.each([
  [{ 'x-amz-checksum-type': 'COMPOSITE' }, 'InvalidRequest'],
  [{ 'x-amz-checksum-algorithm': 'CRC64NVME', 'x-amz-checksum-type': 'COMPOSITE' }, 'InvalidRequest'],
  [{ 'x-amz-checksum-algorithm': 'SHA256', 'x-amz-checksum-type': 'FULL_OBJECT' }, 'InvalidRequest'],
  [{ 'x-amz-checksum-algorithm': 'MD5' }, 'InvalidRequest'],
  [{ 'x-amz-storage-class': 'FROZEN' }, 'InvalidStorageClass'],
  [{ 'x-amz-tagging': 'a=1&a=2' }, 'InvalidArgument'],
])('refuses %j with %s', async (headers, code) => {
  expect((await send('POST', '/bkt/k?uploads', { headers: headers as unknown as Record<string, string> })).code).toBe(
    code,
  )
})

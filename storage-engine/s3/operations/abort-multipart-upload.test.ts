import { expect, test } from 'vitest'
import { multipartRequests } from '#storage-engine/testing/multipart-requests.ts'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
const { open, part } = multipartRequests({ send })
await send('PUT', '/bkt')

test('ends an upload for good', async () => {
  const uploadId = await open('k')
  await part('k', uploadId, 1, 'x')
  expect((await send('DELETE', `/bkt/other?uploadId=${uploadId}`)).code).toBe('NoSuchUpload')
  expect((await send('DELETE', `/bkt/k?uploadId=${uploadId}`)).status).toBe(204)
  expect((await part('k', uploadId, 2, 'x')).code).toBe('NoSuchUpload')
  expect((await send('DELETE', `/bkt/k?uploadId=${uploadId}`)).code).toBe('NoSuchUpload')
})

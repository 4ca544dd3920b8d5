import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('deletes an empty bucket only', async () => {
  await send('PUT', '/bkt/k')
  expect((await send('DELETE', '/bkt')).code).toBe('BucketNotEmpty')
  await send('DELETE', '/bkt/k')
  expect((await send('DELETE', '/bkt')).status).toBe(204)
  expect((await send('GET', '/bkt')).code).toBe('NoSuchBucket')
})

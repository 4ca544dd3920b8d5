import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('HeadBucket tells the region of a bucket, and answers 404 without a body for none', async () => {
  const found = await send('HEAD', '/bkt')
  expect([found.status, found.headers['x-amz-bucket-region'], found.text]).toEqual([200, 'us-east-1', ''])
  const missing = await send('HEAD', '/nowhere')
  expect([missing.status, missing.text]).toEqual([404, ''])
})

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

test('HeadBucket tells the region of a bucket, and answers 404 without a body for none', async () => {
  const found = await send('HEAD', '/bkt')
  expect([found.status, found.headers['x-amz-bucket-region'], found.text]).toEqual([200, 'us-east-1', ''])
  const missing = await send('HEAD', '/nowhere')
  expect([missing.status, missing.text]).toEqual([404, ''])
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
})

afterAll(() => gateway.stop())

const get = (input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method: 'GET', target: '/bkt?logging', ...input })

test('GetBucketLogging is empty until something is logged', async () => {
  const answer = await get()
  expect(answer.status).toBe(200)
  expect(answer.text).toMatch(/<BucketLoggingStatus xmlns="[^"]+"><\/BucketLoggingStatus>$/)
})

test('GetBucketLogging is for those who may, on buckets that are there', async () => {
  for (const as of ['neighbour', 'user', 'account', null] as const)
    expect((await get({ as })).code).toBe('AccessDenied')
  expect((await get({ tamper: (headers) => (headers['host'] = 'localhost') })).code).toBe('SignatureDoesNotMatch')
  expect((await get({ target: '/missing?logging' })).code).toBe('NoSuchBucket')
})

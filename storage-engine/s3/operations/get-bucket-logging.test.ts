import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'

const { gateway, send } = await openTestGateway()
await send('PUT', '/bkt')

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

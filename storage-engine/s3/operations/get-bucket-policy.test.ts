import { expect, test } from 'vitest'
import { policyOf } from '#storage-engine/testing/bucket-policy.ts'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('GetBucketPolicy answers JSON, and NoSuchBucketPolicy before one was put', async () => {
  expect(await send('GET', '/bkt?policy')).toMatchObject({ status: 404, code: 'NoSuchBucketPolicy' })
  await send('PUT', '/bkt?policy', { body: policyOf() })
  const answer = await send('GET', '/bkt?policy')
  expect(answer.text).toBe(policyOf())
  expect(answer.headers['content-type']).toBe('application/json')
})

test('GetBucketPolicy lets an owner see a policy that shuts it out', async () => {
  const shut = policyOf({ Effect: 'Deny', Action: 's3:*', Resource: ['arn:aws:s3:::bkt', 'arn:aws:s3:::bkt/*'] })
  await send('PUT', '/bkt?policy', { body: shut })
  expect((await send('GET', '/bkt')).code).toBe('AccessDenied')
  expect((await send('GET', '/bkt?policy')).text).toBe(shut)
})

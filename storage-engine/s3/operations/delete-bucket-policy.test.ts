import { expect, test } from 'vitest'
import { policyOf } from '#storage-engine/testing/bucket-policy.ts'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('DeleteBucketPolicy takes away what the policy gave, also when there is none', async () => {
  await send('PUT', '/bkt/key', { body: 'hello' })
  await send('PUT', '/bkt?policy', { body: policyOf() })
  expect((await send('GET', '/bkt/key', { as: 'neighbour' })).text).toBe('hello')
  for (let times = 0; times < 2; times++) expect((await send('DELETE', '/bkt?policy')).status).toBe(204)
  expect((await send('GET', '/bkt?policy')).code).toBe('NoSuchBucketPolicy')
  expect((await send('GET', '/bkt/key', { as: 'neighbour' })).code).toBe('AccessDenied')
})

test('DeleteBucketPolicy lets an owner repair a policy that shuts it out', async () => {
  const shut = policyOf({ Effect: 'Deny', Action: 's3:*', Resource: ['arn:aws:s3:::bkt', 'arn:aws:s3:::bkt/*'] })
  await send('PUT', '/bkt?policy', { body: shut })
  expect((await send('DELETE', '/bkt?policy')).status).toBe(204)
  expect((await send('GET', '/bkt')).status).toBe(200)
})

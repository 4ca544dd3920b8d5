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

const policyOf = (change: object = {}) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bkt/*', ...change }],
  })

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

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

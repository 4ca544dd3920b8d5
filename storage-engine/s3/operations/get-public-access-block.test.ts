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

test('GetPublicAccessBlock answers NoSuchPublicAccessBlockConfiguration until one is put', async () => {
  const missing = await send('GET', '/bkt?publicAccessBlock')
  expect(missing).toMatchObject({ status: 404, code: 'NoSuchPublicAccessBlockConfiguration' })
  const body =
    '<PublicAccessBlockConfiguration><IgnorePublicAcls>true</IgnorePublicAcls></PublicAccessBlockConfiguration>'
  await send('PUT', '/bkt?publicAccessBlock', { body })
  expect((await send('GET', '/bkt?publicAccessBlock')).text).toContain('<IgnorePublicAcls>true</IgnorePublicAcls>')
})

test('GetPublicAccessBlock obeys a policy that denies s3:GetBucketPublicAccessBlock, to owners too', async () => {
  const Statement = {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:GetBucketPublicAccessBlock',
    Resource: 'arn:aws:s3:::bkt',
  }
  await send('PUT', '/bkt?policy', { body: JSON.stringify({ Statement }) })
  expect((await send('GET', '/bkt?publicAccessBlock')).code).toBe('AccessDenied')
})

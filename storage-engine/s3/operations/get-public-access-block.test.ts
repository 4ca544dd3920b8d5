import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

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

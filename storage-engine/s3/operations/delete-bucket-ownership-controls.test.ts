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

test('DeleteBucketOwnershipControls removes the rule, also when there is none', async () => {
  await send('PUT', '/made', { headers: { 'x-amz-object-ownership': 'BucketOwnerEnforced' } })
  for (let times = 0; times < 2; times++) expect((await send('DELETE', '/made?ownershipControls')).status).toBe(204)
  expect((await send('GET', '/made?ownershipControls')).code).toBe('OwnershipControlsNotFoundError')
  expect((await send('PUT', '/made?acl', { headers: { 'x-amz-acl': 'private' } })).status).toBe(200)
})

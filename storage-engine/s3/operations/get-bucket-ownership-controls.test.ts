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

test('GetBucketOwnershipControls answers OwnershipControlsNotFoundError until a rule is put', async () => {
  const missing = await send('GET', '/bkt?ownershipControls')
  expect(missing).toMatchObject({ status: 404, code: 'OwnershipControlsNotFoundError' })
  await send('PUT', '/made', { headers: { 'x-amz-object-ownership': 'BucketOwnerPreferred' } })
  expect((await send('GET', '/made?ownershipControls')).text).toContain(
    '<Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule>',
  )
})

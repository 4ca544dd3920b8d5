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

test('GetBucketRequestPayment names the owner until somebody else is set', async () => {
  expect((await send('GET', '/bkt?requestPayment')).text).toContain('<Payer>BucketOwner</Payer>')
  const body = '<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>'
  await send('PUT', '/bkt?requestPayment', { body })
  expect((await send('GET', '/bkt?requestPayment')).text).toContain('<Payer>Requester</Payer>')
})

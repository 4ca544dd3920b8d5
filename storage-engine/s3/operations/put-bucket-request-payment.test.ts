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

const payment = (payer: string) => `<RequestPaymentConfiguration><Payer>${payer}</Payer></RequestPaymentConfiguration>`

test('PutBucketRequestPayment says who pays', async () => {
  expect((await send('PUT', '/bkt?requestPayment', { body: payment('Requester') })).status).toBe(200)
  expect((await send('GET', '/bkt?requestPayment')).text).toContain('<Payer>Requester</Payer>')
})

test.each([payment('Nobody'), '<RequestPaymentConfiguration/>', '<Other/>', ''])(
  'PutBucketRequestPayment answers MalformedXML for %s',
  async (body) => {
    expect((await send('PUT', '/bkt?requestPayment', { body })).code).toBe('MalformedXML')
  },
)

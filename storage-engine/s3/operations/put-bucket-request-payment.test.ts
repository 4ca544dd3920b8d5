import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

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

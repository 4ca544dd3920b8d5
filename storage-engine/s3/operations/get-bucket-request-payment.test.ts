import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('GetBucketRequestPayment names the owner until somebody else is set', async () => {
  expect((await send('GET', '/bkt?requestPayment')).text).toContain('<Payer>BucketOwner</Payer>')
  const body = '<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>'
  await send('PUT', '/bkt?requestPayment', { body })
  expect((await send('GET', '/bkt?requestPayment')).text).toContain('<Payer>Requester</Payer>')
})

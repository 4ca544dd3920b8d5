import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('DeleteBucketCors removes the rules, and is content when there are none', async () => {
  await send('PUT', '/bkt?cors', {
    body: '<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>',
  })
  expect((await send('DELETE', '/bkt?cors')).status).toBe(204)
  expect((await send('GET', '/bkt?cors')).code).toBe('NoSuchCORSConfiguration')
  expect((await send('DELETE', '/bkt?cors')).status).toBe(204)
})

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

test('DeleteBucketCors removes the rules, and is content when there are none', async () => {
  await send('PUT', '/bkt?cors', {
    body: '<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>',
  })
  expect((await send('DELETE', '/bkt?cors')).status).toBe(204)
  expect((await send('GET', '/bkt?cors')).code).toBe('NoSuchCORSConfiguration')
  expect((await send('DELETE', '/bkt?cors')).status).toBe(204)
})

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

test('GetBucketCors answers 404 until rules are set, then the rules', async () => {
  const missing = await send('GET', '/bkt?cors')
  expect([missing.status, missing.code]).toEqual([404, 'NoSuchCORSConfiguration'])
  const rule = [
    '<CORSRule><ID>one</ID><AllowedHeader>x-*</AllowedHeader><AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod>',
    '<AllowedOrigin>*</AllowedOrigin><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule>',
  ].join('')
  await send('PUT', '/bkt?cors', { body: `<CORSConfiguration>${rule}</CORSConfiguration>` })
  expect((await send('GET', '/bkt?cors')).text).toContain(rule)
})

import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

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

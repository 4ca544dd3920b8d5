import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt', { headers: { 'x-amz-bucket-object-lock-enabled': 'true' } })
await send('PUT', '/open')
await send('PUT', '/open/key')

test('GetObjectRetention tells what holds, 404 when nothing does, and 400 in a bucket without object lock', async () => {
  await send('PUT', '/bkt/key')
  const none = await send('GET', '/bkt/key?retention')
  expect([none.status, none.code]).toEqual([404, 'NoSuchObjectLockConfiguration'])
  const open = await send('GET', '/open/key?retention')
  expect([open.status, open.code]).toEqual([400, 'InvalidRequest'])
  expect((await send('GET', '/bkt/missing?retention')).code).toBe('NoSuchKey')
  const rule = '<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>2</Days></DefaultRetention></Rule>'
  const body = `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>${rule}</ObjectLockConfiguration>`
  const headers = { 'content-md5': referenceMd5(body).toString('base64') }
  await send('PUT', '/bkt?object-lock', { body, headers })
  await send('PUT', '/bkt/by-default', { headers: { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' } })
  const { text } = await send('GET', '/bkt/by-default?retention')
  const until = Date.parse(/<Mode>GOVERNANCE<\/Mode><RetainUntilDate>(.*)<\/RetainUntilDate>/.exec(text)?.[1] ?? '')
  expect(Math.abs(until - Date.now() - 2 * 86_400_000)).toBeLessThan(60_000)
})

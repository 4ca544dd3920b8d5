import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt', { headers: { 'x-amz-bucket-object-lock-enabled': 'true' } })
await send('PUT', '/open')
await send('PUT', '/open/key')

test('GetObjectLegalHold tells the status once it was set, else 404, and 400 in a bucket without object lock', async () => {
  await send('PUT', '/bkt/key')
  const none = await send('GET', '/bkt/key?legal-hold')
  expect([none.status, none.code]).toEqual([404, 'NoSuchObjectLockConfiguration'])
  const open = await send('GET', '/open/key?legal-hold')
  expect([open.status, open.code]).toEqual([400, 'InvalidRequest'])
  for (const status of ['ON', 'OFF']) {
    const headers = { 'x-amz-object-lock-legal-hold': status, 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' }
    await send('PUT', '/bkt/held', { headers })
    expect((await send('GET', '/bkt/held?legal-hold')).text).toContain(`<Status>${status}</Status>`)
  }
})

import { beforeAll, expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'

const { gateway, send } = await openTestGateway()

beforeAll(async () => {
  await sendSigned(gateway, { method: 'PUT', target: '/bkt', headers: { 'x-amz-bucket-object-lock-enabled': 'true' } })
})

test('GetObjectLockConfiguration answers 404 without object lock, and Enabled with it', async () => {
  await send('PUT', '/open')
  const missing = await send('GET', '/open?object-lock')
  expect([missing.status, missing.code]).toEqual([404, 'ObjectLockConfigurationNotFoundError'])
  expect((await send('GET', '/bkt?object-lock')).text).toMatch(
    /<ObjectLockConfiguration [^>]*><ObjectLockEnabled>Enabled<\/ObjectLockEnabled><\/ObjectLockConfiguration>/,
  )
})

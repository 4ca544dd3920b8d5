import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt', headers: { 'x-amz-bucket-object-lock-enabled': 'true' } })
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })

test('GetObjectLockConfiguration answers 404 without object lock, and Enabled with it', async () => {
  await send('PUT', '/open')
  const missing = await send('GET', '/open?object-lock')
  expect([missing.status, missing.code]).toEqual([404, 'ObjectLockConfigurationNotFoundError'])
  expect((await send('GET', '/bkt?object-lock')).text).toMatch(
    /<ObjectLockConfiguration [^>]*><ObjectLockEnabled>Enabled<\/ObjectLockEnabled><\/ObjectLockConfiguration>/,
  )
})

import { expect, it } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'

const { gateway, send } = await openTestGateway()
await send('PUT', '/bkt')

const get = (input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method: 'GET', target: '/bkt?notification', ...input })

it('is empty until something is set, and for those who may, on buckets that are there', async () => {
  const { status, text } = await get()
  expect(status).toBe(200)
  expect(text).toMatch(/<NotificationConfiguration [^>]*><\/NotificationConfiguration>/)
  expect((await get({ as: null })).code).toBe('AccessDenied')
  expect((await get({ as: 'account' })).code).toBe('AccessDenied')
  expect((await get({ target: '/missing?notification' })).code).toBe('NoSuchBucket')
})

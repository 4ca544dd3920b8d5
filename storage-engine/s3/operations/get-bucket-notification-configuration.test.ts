import { afterAll, beforeAll, expect, it } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
})

afterAll(() => gateway.stop())

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

import { afterAll, beforeAll, expect, it } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
})

afterAll(() => gateway.stop())

const send = (method: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target: '/bkt?lifecycle', ...input })

it('removes the rules, and does not mind when there are none', async () => {
  const rule = '<Rule><Filter/><Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule>'
  await send('PUT', { body: `<LifecycleConfiguration>${rule}</LifecycleConfiguration>` })
  expect((await send('GET')).status).toBe(200)
  expect((await send('DELETE')).status).toBe(204)
  expect((await send('GET')).code).toBe('NoSuchLifecycleConfiguration')
  expect((await send('DELETE')).status).toBe(204)
})

it('is for those who may, on buckets that are there', async () => {
  expect((await send('DELETE', { as: null })).code).toBe('AccessDenied')
  expect((await send('DELETE', { as: 'account' })).code).toBe('AccessDenied')
  expect((await send('DELETE', { target: '/missing?lifecycle' })).code).toBe('NoSuchBucket')
})

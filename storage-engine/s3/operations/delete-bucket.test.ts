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

test('deletes an empty bucket only', async () => {
  await send('PUT', '/bkt/k')
  expect((await send('DELETE', '/bkt')).code).toBe('BucketNotEmpty')
  await send('DELETE', '/bkt/k')
  expect((await send('DELETE', '/bkt')).status).toBe(204)
  expect((await send('GET', '/bkt')).code).toBe('NoSuchBucket')
})

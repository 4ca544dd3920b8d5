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

test('GetBucketAccelerateConfiguration is empty until a status is set', async () => {
  const { text } = await send('GET', '/bkt?accelerate')
  expect(text).toMatch(/<AccelerateConfiguration [^>]*><\/AccelerateConfiguration>/)
  const body = '<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>'
  await send('PUT', '/bkt?accelerate', { body })
  expect((await send('GET', '/bkt?accelerate')).text).toContain('<Status>Suspended</Status>')
})

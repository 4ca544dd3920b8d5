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

const acceleration = (status: string) => `<AccelerateConfiguration><Status>${status}</Status></AccelerateConfiguration>`

test('PutBucketAccelerateConfiguration stores the status', async () => {
  for (const status of ['Enabled', 'Suspended']) {
    expect((await send('PUT', '/bkt?accelerate', { body: acceleration(status) })).status).toBe(200)
    expect((await send('GET', '/bkt?accelerate')).text).toContain(`<Status>${status}</Status>`)
  }
})

test.each([acceleration('On'), '<AccelerateConfiguration/>', '<Other/>', ''])(
  'PutBucketAccelerateConfiguration answers MalformedXML for %s',
  async (body) => {
    expect((await send('PUT', '/bkt?accelerate', { body })).code).toBe('MalformedXML')
  },
)

test('PutBucketAccelerateConfiguration refuses a bucket whose name has a period', async () => {
  await send('PUT', '/b.k.t')
  expect((await send('PUT', '/b.k.t?accelerate', { body: acceleration('Enabled') })).code).toBe('InvalidRequest')
})

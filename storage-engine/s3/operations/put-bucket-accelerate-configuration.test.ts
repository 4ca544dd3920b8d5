import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

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

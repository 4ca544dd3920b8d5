import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('GetBucketAccelerateConfiguration is empty until a status is set', async () => {
  const { text } = await send('GET', '/bkt?accelerate')
  expect(text).toMatch(/<AccelerateConfiguration [^>]*><\/AccelerateConfiguration>/)
  const body = '<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>'
  await send('PUT', '/bkt?accelerate', { body })
  expect((await send('GET', '/bkt?accelerate')).text).toContain('<Status>Suspended</Status>')
})

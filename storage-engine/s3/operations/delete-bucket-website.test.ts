import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('DeleteBucketWebsite removes the configuration, and is content when there is none', async () => {
  const body = '<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>'
  await send('PUT', '/bkt?website', { body })
  expect((await send('GET', '/bkt?website')).status).toBe(200)
  expect((await send('DELETE', '/bkt?website')).status).toBe(204)
  expect((await send('GET', '/bkt?website')).code).toBe('NoSuchWebsiteConfiguration')
  expect((await send('DELETE', '/bkt?website')).status).toBe(204)
})

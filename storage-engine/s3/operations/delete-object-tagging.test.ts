import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')
await send('PUT', '/bkt/key', { body: 'x' })

test('DeleteObjectTagging removes the tags and nothing else', async () => {
  const headers = { 'x-amz-tagging': 'a=1', 'x-amz-website-redirect-location': '/there' }
  await send('PUT', '/bkt/key', { body: 'x', headers })
  expect((await send('DELETE', '/bkt/key?tagging')).status).toBe(204)
  expect((await send('GET', '/bkt/key?tagging')).text).toContain('<TagSet></TagSet>')
  const { headers: left } = await send('HEAD', '/bkt/key')
  expect([left['x-amz-tagging-count'], left['x-amz-website-redirect-location']]).toEqual([undefined, '/there'])
  expect((await send('DELETE', '/bkt/key?tagging')).status).toBe(204)
  expect((await send('DELETE', '/bkt/missing?tagging')).code).toBe('NoSuchKey')
})

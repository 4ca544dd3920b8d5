import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')
await send('PUT', '/bkt/key', { body: 'x' })

test('GetObjectTagging answers an empty set, then the tags by key', async () => {
  expect((await send('GET', '/bkt/key?tagging')).text).toContain('<TagSet></TagSet>')
  await send('PUT', '/bkt/key', { body: 'x', headers: { 'x-amz-tagging': 'b=2&a=%C3%A9' } })
  const tags = '<TagSet><Tag><Key>a</Key><Value>é</Value></Tag><Tag><Key>b</Key><Value>2</Value></Tag></TagSet>'
  expect((await send('GET', '/bkt/key?tagging')).text).toContain(tags)
  expect((await send('GET', '/bkt/missing?tagging')).code).toBe('NoSuchKey')
})

import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('DeleteBucketTagging removes the tags, and is content when there are none', async () => {
  const body = '<Tagging><TagSet><Tag><Key>a</Key><Value/></Tag></TagSet></Tagging>'
  await send('PUT', '/bkt?tagging', { body })
  expect((await send('GET', '/bkt?tagging')).status).toBe(200)
  expect((await send('DELETE', '/bkt?tagging')).status).toBe(204)
  expect((await send('GET', '/bkt?tagging')).code).toBe('NoSuchTagSet')
  expect((await send('DELETE', '/bkt?tagging')).status).toBe(204)
})

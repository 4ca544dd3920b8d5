import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('GetBucketTagging answers 404 until tags are set, then the tags, escaped and by key', async () => {
  const missing = await send('GET', '/bkt?tagging')
  expect([missing.status, missing.code]).toEqual([404, 'NoSuchTagSet'])
  const [b, a] = ['<Tag><Key>b</Key><Value>2</Value></Tag>', '<Tag><Key>a</Key><Value>é 1</Value></Tag>']
  await send('PUT', '/bkt?tagging', { body: `<Tagging><TagSet>${b}${a}</TagSet></Tagging>` })
  expect((await send('GET', '/bkt?tagging')).text).toContain(`<TagSet>${a}${b}</TagSet>`)
})

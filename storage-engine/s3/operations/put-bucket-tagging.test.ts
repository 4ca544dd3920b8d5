import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

const tagging = (...keys: string[]) =>
  `<Tagging><TagSet>${keys.map((key) => `<Tag><Key>${key}</Key><Value>v</Value></Tag>`).join('')}</TagSet></Tagging>`

test('PutBucketTagging replaces the tags of a bucket; an empty set leaves none', async () => {
  expect((await send('PUT', '/bkt?tagging', { body: tagging('a', 'b') })).status).toBe(200)
  expect((await send('PUT', '/bkt?tagging', { body: tagging('c') })).status).toBe(200)
  expect((await send('GET', '/bkt?tagging')).text).toContain(tagging('c').slice('<Tagging>'.length))
  expect((await send('PUT', '/bkt?tagging', { body: tagging() })).status).toBe(200)
  expect((await send('GET', '/bkt?tagging')).code).toBe('NoSuchTagSet')
})

test.each([
  [tagging('a', 'a'), 'InvalidTag'],
  [tagging('aws:a'), 'InvalidTag'],
  [tagging(...Array.from({ length: 51 }, (_, index) => `k${index}`)), 'InvalidTag'],
  ['<Tagging/>', 'MalformedXML'],
])('PutBucketTagging refuses %s with %s', async (body, code) => {
  expect((await send('PUT', '/bkt?tagging', { body })).code).toBe(code)
})

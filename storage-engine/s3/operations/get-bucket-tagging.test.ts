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

test('GetBucketTagging answers 404 until tags are set, then the tags, escaped and by key', async () => {
  const missing = await send('GET', '/bkt?tagging')
  expect([missing.status, missing.code]).toEqual([404, 'NoSuchTagSet'])
  const [b, a] = ['<Tag><Key>b</Key><Value>2</Value></Tag>', '<Tag><Key>a</Key><Value>é 1</Value></Tag>']
  await send('PUT', '/bkt?tagging', { body: `<Tagging><TagSet>${b}${a}</TagSet></Tagging>` })
  expect((await send('GET', '/bkt?tagging')).text).toContain(`<TagSet>${a}${b}</TagSet>`)
})

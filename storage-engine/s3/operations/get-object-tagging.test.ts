import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await send('PUT', '/bkt')
  await send('PUT', '/bkt/key', { body: 'x' })
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })

test('GetObjectTagging answers an empty set, then the tags by key', async () => {
  expect((await send('GET', '/bkt/key?tagging')).text).toContain('<TagSet></TagSet>')
  await send('PUT', '/bkt/key', { body: 'x', headers: { 'x-amz-tagging': 'b=2&a=%C3%A9' } })
  const tags = '<TagSet><Tag><Key>a</Key><Value>é</Value></Tag><Tag><Key>b</Key><Value>2</Value></Tag></TagSet>'
  expect((await send('GET', '/bkt/key?tagging')).text).toContain(tags)
  expect((await send('GET', '/bkt/missing?tagging')).code).toBe('NoSuchKey')
})

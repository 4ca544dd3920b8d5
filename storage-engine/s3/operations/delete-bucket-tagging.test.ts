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

test('DeleteBucketTagging removes the tags, and is content when there are none', async () => {
  const body = '<Tagging><TagSet><Tag><Key>a</Key><Value/></Tag></TagSet></Tagging>'
  await send('PUT', '/bkt?tagging', { body })
  expect((await send('GET', '/bkt?tagging')).status).toBe(200)
  expect((await send('DELETE', '/bkt?tagging')).status).toBe(204)
  expect((await send('GET', '/bkt?tagging')).code).toBe('NoSuchTagSet')
  expect((await send('DELETE', '/bkt?tagging')).status).toBe(204)
})

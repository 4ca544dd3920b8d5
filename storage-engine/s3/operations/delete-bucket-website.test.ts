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

test('DeleteBucketWebsite removes the configuration, and is content when there is none', async () => {
  const body = '<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>'
  await send('PUT', '/bkt?website', { body })
  expect((await send('GET', '/bkt?website')).status).toBe(200)
  expect((await send('DELETE', '/bkt?website')).status).toBe(204)
  expect((await send('GET', '/bkt?website')).code).toBe('NoSuchWebsiteConfiguration')
  expect((await send('DELETE', '/bkt?website')).status).toBe(204)
})

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

test('GetBucketWebsite answers 404 until it is set, then the configuration', async () => {
  const missing = await send('GET', '/bkt?website')
  expect([missing.status, missing.code]).toEqual([404, 'NoSuchWebsiteConfiguration'])
  const content = [
    '<IndexDocument><Suffix>index.html</Suffix></IndexDocument><ErrorDocument><Key>404.html</Key></ErrorDocument>',
    '<RoutingRules><RoutingRule><Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition>',
    '<Redirect><ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith></Redirect></RoutingRule></RoutingRules>',
  ].join('')
  await send('PUT', '/bkt?website', { body: `<WebsiteConfiguration>${content}</WebsiteConfiguration>` })
  expect((await send('GET', '/bkt?website')).text).toContain(content)
})

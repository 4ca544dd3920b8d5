import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

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

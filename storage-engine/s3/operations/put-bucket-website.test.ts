import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('PutBucketWebsite replaces the configuration', async () => {
  const website = (suffix: string) =>
    `<WebsiteConfiguration><IndexDocument><Suffix>${suffix}</Suffix></IndexDocument></WebsiteConfiguration>`
  expect((await send('PUT', '/bkt?website', { body: website('a.html') })).status).toBe(200)
  expect((await send('PUT', '/bkt?website', { body: website('b.html') })).status).toBe(200)
  expect((await send('GET', '/bkt?website')).text).toContain('<Suffix>b.html</Suffix>')
})

test.each([
  ['<WebsiteConfiguration/>', 'InvalidArgument'],
  [
    '<WebsiteConfiguration><IndexDocument><Suffix>a/b</Suffix></IndexDocument></WebsiteConfiguration>',
    'InvalidArgument',
  ],
  ['<WebsiteConfiguration><Unknown/></WebsiteConfiguration>', 'MalformedXML'],
  ['not XML', 'MalformedXML'],
])('PutBucketWebsite refuses %s with %s', async (body, code) => {
  expect((await send('PUT', '/bkt?website', { body })).code).toBe(code)
})

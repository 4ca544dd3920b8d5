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

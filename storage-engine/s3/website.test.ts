import { afterAll, beforeAll, expect, test } from 'vitest'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { findRedirect, websiteBucketOf } from '#storage-engine/s3/website-routing.ts'
import { sendRaw, sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

const WEBSITE = `<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument><ErrorDocument><Key>oops.html</Key></ErrorDocument><RoutingRules>
<RoutingRule><Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition><Redirect><ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith></Redirect></RoutingRule>
<RoutingRule><Condition><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals><KeyPrefixEquals>lost/</KeyPrefixEquals></Condition><Redirect><HostName>found.example</HostName><Protocol>http</Protocol><HttpRedirectCode>302</HttpRedirectCode></Redirect></RoutingRule>
</RoutingRules></WebsiteConfiguration>`

beforeAll(async () => {
  gateway = await startTestGateway()
  for (const bucket of ['site', 'bare', 'closed', 'moved', 'plain']) await send('PUT', `/${bucket}`)
  for (const bucket of ['site', 'bare', 'moved']) await allowReading(bucket)
  await send('PUT', '/site?website', { body: WEBSITE })
  const index =
    '<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>'
  for (const bucket of ['bare', 'closed']) await send('PUT', `/${bucket}?website`, { body: index })
  const all = '<RedirectAllRequestsTo><HostName>example.com</HostName></RedirectAllRequestsTo>'
  await send('PUT', '/moved?website', { body: `<WebsiteConfiguration>${all}</WebsiteConfiguration>` })
  const html = { 'content-type': 'text/html' }
  await send('PUT', '/site/index.html', { body: 'home', headers: html })
  await send('PUT', '/site/docs/index.html', { body: 'docs', headers: html })
  await send('PUT', '/site/new/a%20b', { body: 'new' })
  await send('PUT', '/site/oops.html', { body: 'oops', headers: html })
  await send('PUT', '/site/away', { headers: { 'x-amz-website-redirect-location': 'https://example.com/x' } })
  await send('PUT', '/closed/index.html', { body: 'secret' })
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })

async function allowReading(name: string): Promise<void> {
  const { id } = (await findBucket(gateway.engine.db, { name })) as Bucket
  const statement = { Effect: 'Allow', Principal: '*', Action: ['s3:GetObject', 's3:ListBucket'] }
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ ...statement, Resource: [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`] }],
  })
  await setBucketSetting(gateway.engine.db, { bucketId: id, name: 'policy', value: policy })
}

function visit(bucket: string, target: string, headers: Record<string, string> = {}, method = 'GET') {
  const host = `${bucket}.s3-website.us-east-1.localhost:${gateway.port}`
  return sendRaw(gateway, { method, target, headers: { host, ...headers }, body: Buffer.alloc(0) })
}

test.each([
  ['/', 'home'],
  ['/docs/', 'docs'],
  ['/docs/index.html', 'docs'],
  ['/new/a%20b?query=ignored&versionId=nonsense', 'new'],
])('a website shows %s', async (target, content) => {
  const page = await visit('site', target)
  expect([page.status, page.text]).toEqual([200, content])
})

test('a website answers by either form of its host, HEAD, conditions and ranges, and asks for no signature', async () => {
  const host = `site.s3-website-us-east-1.localhost:${gateway.port}`
  const page = await visit('site', '/', { host, authorization: 'Basic eDp5' })
  expect([page.text, page.headers['content-type']]).toEqual(['home', 'text/html'])
  const head = await visit('site', '/', {}, 'HEAD')
  expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', '4'])
  expect((await visit('site', '/', { 'if-none-match': page.headers.etag as string })).status).toBe(304)
  expect((await visit('site', '/', { range: 'bytes=0-0' })).text).toBe('h')
})

test.each([
  ['site', '/docs', 302, /^https:\/\/site\.s3-website\.us-east-1\.localhost:\d+\/docs\/$/],
  ['site', '/old/a%20b', 301, /^https:\/\/site\.s3-website\.us-east-1\.localhost:\d+\/new\/a%20b$/],
  ['site', '/lost/%0d%0ax', 302, /^http:\/\/found\.example\/lost\/%0D%0Ax$/],
  ['site', '/away', 301, /^https:\/\/example\.com\/x$/],
  ['moved', '/any/%C3%A9', 301, /^https:\/\/example\.com\/any\/%C3%A9$/],
])('%s sends %s elsewhere with %i', async (bucket, target, status, location) => {
  const answer = await visit(bucket, target)
  expect([answer.status, answer.headers.location]).toEqual([status, expect.stringMatching(location)])
})

test('a website shows its own page for an error, under the status of the error', async () => {
  const missing = await visit('site', '/missing', { range: 'bytes=0-0', 'if-match': '"x"' })
  expect([missing.status, missing.text, missing.headers['x-amz-error-code']]).toEqual([404, 'oops', 'NoSuchKey'])
})

test.each([
  ['bare', '/missing', 404, 'NoSuchKey'],
  ['bare', '/', 404, 'NoSuchKey'],
  ['closed', '/', 403, 'AccessDenied'],
  ['closed', '/missing', 403, 'AccessDenied'],
  ['plain', '/', 404, 'NoSuchWebsiteConfiguration'],
  ['nowhere', '/', 404, 'NoSuchBucket'],
])('the website %s answers %s with a page that says %i %s', async (bucket, target, status, code) => {
  const page = await visit(bucket, target)
  expect([page.status, page.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8'])
  expect(page.text).toContain(`<dd>${code}</dd>`)
  expect(page.text).toContain(`<dd>${page.headers['x-amz-request-id']}</dd>`)
  expect(page.text).not.toContain('secret')
  expect((await visit(bucket, target, {}, 'HEAD')).text).toBe('')
})

test('a website refuses to be written to', async () => {
  for (const method of ['PUT', 'POST', 'DELETE']) {
    const answer = await visit('site', '/index.html', { 'content-length': '0' }, method)
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS'])
  }
  expect((await visit('site', '/')).text).toBe('home')
})

test('a website lets pages of other origins read what the bucket allows', async () => {
  const rule = '<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>'
  await send('PUT', '/site?cors', { body: `<CORSConfiguration>${rule}</CORSConfiguration>` })
  const origin = { origin: 'https://a.example' }
  expect((await visit('site', '/', origin)).headers['access-control-allow-origin']).toBe('*')
  expect((await visit('site', '/missing', origin)).headers['access-control-allow-origin']).toBe('*')
  const asked = { ...origin, 'access-control-request-method': 'GET' }
  expect((await visit('site', '/', asked, 'OPTIONS')).status).toBe(200)
})

test.each([
  ['b.s3-website.r.d.test', 'b'],
  ['B.c.S3-Website-r.d.test:9000', 'b.c'],
  ['b.c.s3-website-r.d.test:9000', 'b.c'],
  ['s3-website.r.d.test', null],
  ['.s3-website.r.d.test', null],
  ['b.s3-website.other.d.test', null],
  ['x.s3-website.s3.r.d.test', null],
  ['b.s3-website.r.d.test.evil', null],
])('the host %s is the website of %s', (host, bucket) => {
  expect(websiteBucketOf(host, { domain: 'd.test', region: 'r' })).toBe(bucket)
})

test('of the rules that fit, the first counts; one without a condition fits every key', () => {
  const website = {
    routingRules: [
      { keyPrefixEquals: 'a/', redirect: { replaceKeyWith: 'x?y=1&z' } },
      { httpErrorCodeReturnedEquals: '403', redirect: { hostName: 'denied.example' } },
      { redirect: { replaceKeyPrefixWith: 'all/', httpRedirectCode: '307' } },
    ],
  }
  const find = (key: string, status: number | null) => findRedirect(website, { key, status, host: 'h:1' })
  expect(find('a/b', null)).toEqual({ status: 301, location: 'https://h:1/x?y=1&z' })
  expect(find('b/?&', null)).toEqual({ status: 307, location: 'https://h:1/all/b/%3F%26' })
  expect(find('b', 403)).toEqual({ status: 301, location: 'https://denied.example/b' })
  expect(find('b', 404)).toBeNull()
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
  await sendSigned(gateway, { method: 'PUT', target: '/mine', as: 'neighbour' })
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })
const putPolicy = (...Statement: object[]) => send('PUT', '/bkt?policy', { body: JSON.stringify({ Statement }) })
const allow = (Action: string, Resource: string) => ({ Effect: 'Allow', Principal: '*', Action, Resource })
const deletion = (...keys: string[]) =>
  `<Delete>${keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('')}</Delete>`
const uploadIdOf = (text: string) => /<UploadId>([^<]+)</.exec(text)?.[1] as string

test('DeleteObjects judges each key by itself', async () => {
  for (const key of ['open/a', 'shut/b']) await send('PUT', `/bkt/${key}`, { body: 'x' })
  await putPolicy(allow('s3:DeleteObject', 'arn:aws:s3:::bkt/open/*'))
  const { status, text } = await send('POST', '/bkt?delete', { as: 'neighbour', body: deletion('open/a', 'shut/b') })
  expect(status).toBe(200)
  expect(text).toContain('<Deleted><Key>open/a</Key></Deleted>')
  expect(text).toContain('<Error><Key>shut/b</Key><Code>AccessDenied</Code>')
  expect((await send('GET', '/bkt/shut/b')).status).toBe(200)
})

test('DeleteObjects refuses at once who may delete no key at all', async () => {
  await send('DELETE', '/bkt?policy')
  const answer = await send('POST', '/bkt?delete', { as: 'neighbour', body: deletion('shut/b') })
  expect(answer).toMatchObject({ status: 403, code: 'AccessDenied' })
})

test('lets who began an upload list and abort it, and nobody else without the right to', async () => {
  await putPolicy(allow('s3:PutObject', 'arn:aws:s3:::bkt/*'))
  const begin = async () => uploadIdOf((await send('POST', '/bkt/up?uploads', { as: 'neighbour' })).text)
  const uploadId = await begin()
  expect((await send('GET', `/bkt/up?uploadId=${uploadId}`, { as: 'neighbour' })).status).toBe(200)
  for (const as of ['user', null] as const) {
    expect((await send('GET', `/bkt/up?uploadId=${uploadId}`, { as })).code).toBe('AccessDenied')
    expect((await send('DELETE', `/bkt/up?uploadId=${uploadId}`, { as })).code).toBe('AccessDenied')
  }
  expect((await send('DELETE', `/bkt/up?uploadId=${uploadId}`, { as: 'neighbour' })).status).toBe(204)
  expect((await send('DELETE', `/bkt/up?uploadId=${await begin()}`)).status).toBe(204)
})

test('lets a Deny stop even who began an upload', async () => {
  await putPolicy(allow('s3:PutObject', 'arn:aws:s3:::bkt/*'))
  const uploadId = uploadIdOf((await send('POST', '/bkt/up?uploads', { as: 'neighbour' })).text)
  const deny = { ...allow('s3:AbortMultipartUpload', 'arn:aws:s3:::bkt/*'), Effect: 'Deny' }
  await putPolicy(allow('s3:PutObject', 'arn:aws:s3:::bkt/*'), deny)
  expect((await send('DELETE', `/bkt/up?uploadId=${uploadId}`, { as: 'neighbour' })).code).toBe('AccessDenied')
})

test('holds a copy to the owners that it expects, of the target and of the source', async () => {
  await send('DELETE', '/bkt?policy')
  await send('PUT', '/bkt/source', { body: 'x' })
  const copy = (headers: Record<string, string>) =>
    send('PUT', '/bkt/target', { headers: { 'x-amz-copy-source': '/bkt/source', ...headers } })
  expect(
    (await copy({ 'x-amz-source-expected-bucket-owner': 'acme', 'x-amz-expected-bucket-owner': 'acme' })).status,
  ).toBe(200)
  expect((await copy({ 'x-amz-source-expected-bucket-owner': 'globex' })).code).toBe('AccessDenied')
  expect((await copy({ 'x-amz-expected-bucket-owner': 'globex' })).code).toBe('AccessDenied')
  expect((await copy({ 'x-amz-expected-bucket-owner': '' })).code).toBe('AccessDenied')
})

test('C3: judges the source of a copy by the rights on the source', async () => {
  await send('PUT', '/bkt/secret', { body: 'secret' })
  const copy = (source: string) =>
    send('PUT', '/mine/stolen', { as: 'neighbour', headers: { 'x-amz-copy-source': source } })
  expect((await copy('/bkt/secret')).code).toBe('AccessDenied')
  await putPolicy(allow('s3:GetObject', 'arn:aws:s3:::bkt/other'))
  expect((await copy('/bkt/secret')).code).toBe('AccessDenied')
  await putPolicy(allow('s3:GetObject', 'arn:aws:s3:::bkt/secret'))
  expect((await copy('/bkt/secret')).status).toBe(200)
})

test('tells that a key is missing to who may list it, by its prefix, and to nobody else', async () => {
  const list = { ...allow('s3:ListBucket', 'arn:aws:s3:::bkt'), Condition: { StringLike: { 's3:prefix': 'public/*' } } }
  await putPolicy(list, allow('s3:GetObject', 'arn:aws:s3:::bkt/*'))
  for (const as of ['neighbour', null] as const) {
    expect((await send('GET', '/bkt/public/none', { as })).code).toBe('NoSuchKey')
    expect((await send('GET', '/bkt/private/none', { as })).code).toBe('AccessDenied')
  }
})

test('C11: authorizes before it looks at preconditions', async () => {
  await send('DELETE', '/bkt?policy')
  const { etag } = (await send('PUT', '/bkt/known', { body: 'x' })).headers
  for (const headers of [{ 'if-match': '"other"' }, { 'if-none-match': etag as string }]) {
    expect((await send('GET', '/bkt/known', { as: 'neighbour', headers })).status).toBe(403)
  }
})

test('C5: judges tags by the document that brings them, whatever a header claims', async () => {
  await send('PUT', '/bkt/tagged', { body: 'x' })
  const deny = {
    ...allow('s3:PutObjectTagging', 'arn:aws:s3:::bkt/*'),
    Effect: 'Deny',
    Condition: { StringNotEquals: { 's3:RequestObjectTag/level': 'low' } },
  }
  await putPolicy(deny)
  const tag = (level: string, headers: Record<string, string> = {}) =>
    send('PUT', '/bkt/tagged?tagging', {
      headers,
      body: `<Tagging><TagSet><Tag><Key>level</Key><Value>${level}</Value></Tag></TagSet></Tagging>`,
    })
  expect((await tag('high', { 'x-amz-tagging': 'level=low' })).code).toBe('AccessDenied')
  await send('DELETE', '/bkt?policy')
  const named = { ...deny, Condition: { StringEquals: { 's3:RequestObjectTag/level': 'high' } } }
  await putPolicy(named)
  expect((await tag('high')).code).toBe('AccessDenied')
  expect((await tag('low')).status).toBe(200)
  expect((await send('GET', '/bkt/tagged?tagging')).text).toContain('<Value>low</Value>')
})

test('judges a retention by the days that its document asks for', async () => {
  await send('PUT', '/locked', { headers: { 'x-amz-bucket-object-lock-enabled': 'true' } })
  await send('PUT', '/locked/key', { body: 'x' })
  const Condition = { NumericGreaterThan: { 's3:object-lock-remaining-retention-days': '10' } }
  const Statement = { ...allow('s3:PutObjectRetention', 'arn:aws:s3:::locked/*'), Effect: 'Deny', Condition }
  await send('PUT', '/locked?policy', { body: JSON.stringify({ Statement }) })
  const retain = (days: number) => {
    const until = new Date(Date.now() + days * 86_400_000).toISOString()
    const body = `<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>${until}</RetainUntilDate></Retention>`
    const headers = { 'content-md5': referenceMd5(body).toString('base64') }
    return send('PUT', '/locked/key?retention', { body, headers })
  }
  expect((await retain(20)).code).toBe('AccessDenied')
  expect((await retain(5)).status).toBe(200)
})

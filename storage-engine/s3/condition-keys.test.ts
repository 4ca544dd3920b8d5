import { afterAll, beforeAll, expect, test } from 'vitest'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'
import { presign, sendRaw, sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

/** Keys of conditions whose values come from more than one header or parameter. */
let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await send('PUT', '/bkt', { headers: { 'x-amz-bucket-object-lock-enabled': 'true' } })
  await send('PUT', '/bkt/key', { body: 'x' })
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })
const putPolicy = async (...statements: object[]) => {
  const Statement = statements.map((each) => ({
    Effect: 'Allow',
    Principal: '*',
    Resource: 'arn:aws:s3:::bkt/*',
    ...each,
  }))
  const answer = await send('PUT', '/bkt?policy', { body: JSON.stringify({ Version: '2012-10-17', Statement }) })
  expect(answer.status, answer.text).toBe(204)
}
const tagging = (level: string) =>
  `<Tagging><TagSet><Tag><Key>level</Key><Value>${level}</Value></Tag></TagSet></Tagging>`
const hold = (status: string) => `<LegalHold><Status>${status}</Status></LegalHold>`
const withDigest = (body: string) => ({
  body,
  headers: { 'content-md5': referenceMd5(body).toString('base64') },
})
const retention = (days: number) => {
  const until = new Date(Date.now() + days * 86_400_000).toISOString()
  return `<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>${until}</RetainUntilDate></Retention>`
}

test('lets an Allow depend on the tags that a document brings', async () => {
  await putPolicy({
    Action: 's3:PutObjectTagging',
    Condition: { StringEquals: { 's3:RequestObjectTag/level': 'low' } },
  })
  const tag = (level: string, headers: Record<string, string> = {}) =>
    send('PUT', '/bkt/key?tagging', { as: 'neighbour', body: tagging(level), headers })
  expect((await tag('high')).code).toBe('AccessDenied')
  expect((await tag('high', { 'x-amz-tagging': 'level=low' })).code).toBe('AccessDenied')
  expect((await tag('low')).status).toBe(200)
})

test('lets a Deny of all other tags pass those that it leaves out', async () => {
  const Condition = { StringNotEquals: { 's3:RequestObjectTag/level': 'low' } }
  await putPolicy({ Effect: 'Deny', Action: 's3:PutObjectTagging', Condition })
  expect((await send('PUT', '/bkt/key?tagging', { body: tagging('high') })).code).toBe('AccessDenied')
  expect((await send('PUT', '/bkt/key?tagging', { body: tagging('low') })).status).toBe(200)
})

test('lets an Allow depend on the retention and the hold that documents bring', async () => {
  await putPolicy(
    {
      Action: 's3:PutObjectRetention',
      Condition: { NumericLessThanEquals: { 's3:object-lock-remaining-retention-days': '10' } },
    },
    { Action: 's3:PutObjectLegalHold', Condition: { StringEquals: { 's3:object-lock-legal-hold': 'OFF' } } },
  )
  const put = (query: string, document: string) =>
    send('PUT', `/bkt/key?${query}`, { as: 'neighbour', ...withDigest(document) })
  expect((await put('retention', retention(20))).code).toBe('AccessDenied')
  expect((await put('retention', retention(5))).status).toBe(200)
  expect((await put('legal-hold', hold('ON'))).code).toBe('AccessDenied')
  expect((await put('legal-hold', hold('OFF'))).status).toBe(200)
})

test('refuses before it reads the document whom no document could help', async () => {
  await putPolicy({ Action: 's3:PutObjectTagging', Condition: { StringEquals: { 'aws:UserAgent': 'nobody' } } })
  for (const query of ['tagging', 'retention', 'legal-hold']) {
    const answer = await send('PUT', `/bkt/key?${query}`, { as: 'neighbour', body: '<not-xml' })
    expect(answer).toMatchObject({ status: 403, code: 'AccessDenied' })
    expect((await send('PUT', `/bkt/none?${query}`, { as: 'neighbour', body: '<not-xml' })).code).toBe('AccessDenied')
  }
})

test('s3:ObjectCreationOperation tells the end of an upload from its pieces, so that a write can be held to a condition', async () => {
  const Condition = { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } }
  await putPolicy({ Effect: 'Deny', Action: 's3:PutObject', Condition })
  const headers = { 'if-none-match': '*' }
  expect((await send('PUT', '/bkt/new', { body: 'x' })).code).toBe('AccessDenied')
  expect((await send('PUT', '/bkt/new', { headers: { 'x-amz-copy-source': '/bkt/key' } })).code).toBe('AccessDenied')
  const uploadId = /<UploadId>([^<]+)</.exec((await send('POST', '/bkt/new?uploads')).text)?.[1]
  const part = `/bkt/new?partNumber=1&uploadId=${uploadId}`
  const { etag } = (await send('PUT', part, { body: 'x' })).headers
  expect((await send('PUT', part, { headers: { 'x-amz-copy-source': '/bkt/key' } })).status).toBe(200)
  const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`
  const target = `/bkt/new?uploadId=${uploadId}`
  expect((await send('POST', target, { body })).code).toBe('AccessDenied')
  await send('PUT', part, { body: 'x' })
  expect((await send('POST', target, { body, headers })).status).toBe(200)
})

test('s3:x-amz-content-sha256 of a presigned URL says that the body is not signed', async () => {
  const Condition = { StringEquals: { 's3:x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }
  await putPolicy({ Effect: 'Deny', Action: 's3:GetObject', Condition })
  expect((await send('GET', '/bkt/key')).status).toBe(200)
  expect((await send('GET', '/bkt/key', { payloadHash: 'UNSIGNED-PAYLOAD' })).code).toBe('AccessDenied')
  const headers = { host: `127.0.0.1:${gateway.port}` }
  const credentials = gateway.credentials.root
  const target = presign({ method: 'GET', target: '/bkt/key', headers, credentials, expiresSeconds: 60 })
  const answer = await sendRaw(gateway, { method: 'GET', target, headers, body: Buffer.alloc(0) })
  expect(answer.code).toBe('AccessDenied')
})

test.each(['aws:PrincipalIsAWSService', 'aws:ViaAWSService'])('%s is false of whoever signs', async (key) => {
  await putPolicy({ Effect: 'Deny', Action: 's3:GetObject', Condition: { Bool: { [key]: 'false' } } })
  expect((await send('GET', '/bkt/key')).code).toBe('AccessDenied')
  await putPolicy({ Effect: 'Deny', Action: 's3:GetObject', Condition: { Bool: { [key]: 'true' } } })
  expect((await send('GET', '/bkt/key')).status).toBe(200)
})

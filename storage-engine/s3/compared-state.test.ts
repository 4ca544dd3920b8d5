import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

/** How a condition ends tells what is there: to nobody who may not read it. */
let gateway: TestGateway
let etag: string

beforeAll(async () => {
  gateway = await startTestGateway()
  await send('PUT', '/bkt')
  etag = (await send('PUT', '/bkt/key', { body: 'secret' })).headers.etag as string
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })
const allow = (...actions: string[]) => {
  const bucket = { Effect: 'Allow', Principal: '*', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::bkt' }
  const objects = { ...bucket, Action: actions, Resource: 'arn:aws:s3:::bkt/*' }
  return send('PUT', '/bkt?policy', { body: JSON.stringify({ Statement: [objects, bucket] }) })
}
const deletion = (entry: string) => `<Delete><Object><Key>key</Key>${entry}</Object></Delete>`

async function putCompleted(headers: Record<string, string>) {
  const { text } = await send('POST', '/bkt/key?uploads', { as: 'neighbour' })
  const uploadId = /<UploadId>([^<]+)</.exec(text)?.[1]
  const part = await send('PUT', `/bkt/key?partNumber=1&uploadId=${uploadId}`, { as: 'neighbour', body: 'x' })
  const parts = `<Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part>`
  const body = `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`
  return send('POST', `/bkt/key?uploadId=${uploadId}`, { as: 'neighbour', headers, body })
}

const WRITES: [name: string, write: (headers: Record<string, string>) => ReturnType<typeof send>][] = [
  ['PutObject', (headers) => send('PUT', '/bkt/key', { as: 'neighbour', body: 'x', headers })],
  [
    'CopyObject',
    (headers) =>
      send('PUT', '/bkt/key', { as: 'neighbour', headers: { 'x-amz-copy-source': '/bkt/open', ...headers } }),
  ],
  ['CompleteMultipartUpload', putCompleted],
  ['DeleteObject', (headers) => send('DELETE', '/bkt/key', { as: 'neighbour', headers })],
]

test.each(WRITES)(
  '%s with If-Match answers AccessDenied, right or wrong, to who may not read',
  async (_name, write) => {
    await send('PUT', '/bkt/open', { body: 'open', headers: { 'x-amz-acl': 'public-read' } })
    await allow('s3:PutObject', 's3:DeleteObject')
    for (const value of [etag, '"other"']) expect((await write({ 'if-match': value })).code).toBe('AccessDenied')
    expect((await send('GET', '/bkt/key')).text).toBe('secret')
  },
)

test.each(WRITES)('%s with If-Match compares for who may read', async (_name, write) => {
  await send('PUT', '/bkt/key', { body: 'secret' })
  await allow('s3:PutObject', 's3:DeleteObject', 's3:GetObject')
  expect((await write({ 'if-match': '"other"' })).code).toBe('PreconditionFailed')
  expect((await write({ 'if-match': etag })).status).toBeLessThan(300)
})

test('asks for no right to read where only the existence counts', async () => {
  await send('PUT', '/bkt/key', { body: 'secret' })
  await allow('s3:PutObject', 's3:DeleteObject')
  const put = (headers: Record<string, string>) => send('PUT', '/bkt/key', { as: 'neighbour', body: 'x', headers })
  expect((await put({ 'if-none-match': '*' })).code).toBe('PreconditionFailed')
  expect((await put({ 'if-match': '*' })).status).toBe(200)
  expect((await send('DELETE', '/bkt/key', { as: 'neighbour', headers: { 'if-match': '*' } })).status).toBe(204)
})

test('DeleteObjects compares entry by entry, for who may read', async () => {
  await send('PUT', '/bkt/key', { body: 'secret' })
  const remove = (entry: string) => send('POST', '/bkt?delete', { as: 'neighbour', body: deletion(entry) })
  await allow('s3:DeleteObject')
  const guesses = [`<ETag>${etag}</ETag>`, '<ETag>other</ETag>', '<Size>6</Size>', '<Size>7</Size>']
  for (const guess of guesses) expect((await remove(guess)).text).toContain('<Code>AccessDenied</Code>')
  await allow('s3:DeleteObject', 's3:GetObject')
  expect((await remove('<ETag>other</ETag>')).text).toContain('<Code>PreconditionFailed</Code>')
  expect((await remove(`<ETag>${etag}</ETag>`)).text).toContain('<Deleted>')
})

test('s3:if-match holds of the entries of DeleteObjects that have an ETag', async () => {
  await send('PUT', '/bkt/key', { body: 'secret' })
  const statement = { Principal: '*', Resource: 'arn:aws:s3:::bkt/*' }
  const Condition = { Null: { 's3:if-match': 'false' } }
  const Statement = [
    { ...statement, Effect: 'Allow', Action: 's3:DeleteObject', Condition },
    { ...statement, Effect: 'Allow', Action: 's3:GetObject' },
  ]
  await send('PUT', '/bkt?policy', { body: JSON.stringify({ Statement }) })
  const remove = (entry: string) =>
    send('POST', '/bkt?delete', { as: 'neighbour', headers: { 'if-match': '*' }, body: deletion(entry) })
  expect((await remove('')).text).toContain('<Code>AccessDenied</Code>')
  expect((await remove(`<ETag>${etag}</ETag>`)).text).toContain('<Deleted>')
})

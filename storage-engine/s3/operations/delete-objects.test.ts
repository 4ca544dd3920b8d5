import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'
import { fieldsOf } from '#storage-engine/testing/xml-fields.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
})

afterAll(() => gateway.stop())

const post = (body: string, headers: Record<string, string> = {}) =>
  sendSigned(gateway, { method: 'POST', target: '/bkt?delete=', headers, body })
const put = (key: string) => sendSigned(gateway, { method: 'PUT', target: `/bkt/${key}` })
const entry = (key: string) => `<Object><Key>${key}</Key></Object>`

test('deletes keys that are there and keys that are not, and names them all', async () => {
  await put('a')
  const { status, text } = await post(
    `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${entry('a')}${entry('b&amp;c')}</Delete>`,
  )
  expect(status).toBe(200)
  expect(text).toContain('<Deleted><Key>a</Key></Deleted><Deleted><Key>b&amp;c</Key></Deleted>')
  expect((await sendSigned(gateway, { method: 'GET', target: '/bkt/a' })).status).toBe(404)
})

test('names only errors when quiet, and one bad entry does not spoil the others', async () => {
  await put('a')
  const bad = '<Object><Key>x</Key><VersionId>nonsense</VersionId></Object>'
  const { text } = await post(`<Delete><Quiet>true</Quiet>${entry('a')}${bad}${entry('k'.repeat(1025))}</Delete>`)
  expect(text.match(/<Code>\w+<\/Code>/g)).toEqual(['<Code>InvalidArgument</Code>', '<Code>KeyTooLongError</Code>'])
  expect(text).not.toContain('<Deleted>')
  expect((await sendSigned(gateway, { method: 'GET', target: '/bkt/a' })).status).toBe(404)
})

test('takes 1,000 keys, and answers MalformedXML for 1,001, for none, and for another document', async () => {
  const many = (count: number) =>
    `<Delete>${Array.from({ length: count }, (_, index) => entry(`k${index}`)).join('')}</Delete>`
  expect((await post(many(1000))).status).toBe(200)
  for (const body of [
    many(1001),
    '<Delete/>',
    '<Remove/>',
    '<Delete><Object/></Delete>',
    '<Delete>',
    '<!DOCTYPE x><Delete/>',
  ]) {
    expect((await post(body)).code).toBe('MalformedXML')
  }
})

test('holds the document against its MD5 and its checksum', async () => {
  const body = `<Delete>${entry('a')}</Delete>`
  const md5 = referenceMd5(body).toString('base64')
  const sha1 = createHash('sha1').update(body).digest('base64')
  expect((await post(body, { 'content-md5': md5 })).status).toBe(200)
  expect((await post(body, { 'x-amz-checksum-sha1': sha1 })).status).toBe(200)
  expect((await post(`${body} `, { 'content-md5': md5 })).code).toBe('BadDigest')
  expect((await post(`${body} `, { 'x-amz-checksum-sha1': sha1 })).code).toBe('BadDigest')
})

test('answers MaxMessageLengthExceeded over 4 MiB', async () => {
  expect((await post(`<Delete>${' '.repeat(4 * 1024 ** 2)}</Delete>`)).code).toBe('MaxMessageLengthExceeded')
})

test('tells of a versioned bucket which markers it made and which versions it removed', async () => {
  const send = (method: string, target: string, body = '') => sendSigned(gateway, { method, target, body })
  await send('PUT', '/versioned')
  const enabled = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
  await send('PUT', '/versioned?versioning', enabled)
  const version = (await send('PUT', '/versioned/a', 'x')).headers['x-amz-version-id'] as string
  const made = await send('POST', '/versioned?delete=', `<Delete>${entry('a')}${entry('never')}</Delete>`)
  const markers = fieldsOf(made.text, 'DeleteMarkerVersionId')
  expect([fieldsOf(made.text, 'DeleteMarker'), markers.length]).toEqual([['true', 'true'], 2])
  const named = (key: string, id: string) => `<Object><Key>${key}</Key><VersionId>${id}</VersionId></Object>`
  const missing = '01890000-0000-7000-8000-000000000000'
  const list = [named('a', version), named('a', markers[0] as string), named('a', missing)].join('')
  const gone = await send('POST', '/versioned?delete=', `<Delete>${list}</Delete>`)
  expect(fieldsOf(gone.text, 'VersionId')).toEqual([version, markers[0], missing])
  expect(fieldsOf(gone.text, 'DeleteMarkerVersionId')).toEqual([markers[0]])
  expect(fieldsOf((await send('GET', '/versioned?versions')).text, 'Key')).toEqual(['never'])
})

test('deletes of its entries only those that meet their conditions', async () => {
  const etag = (await put('c')).headers.etag as string
  await put('d')
  const entries = [
    `<Object><Key>c</Key><ETag>${etag.replaceAll('"', '&quot;')}</ETag><Size>0</Size></Object>`,
    '<Object><Key>d</Key><ETag>other</ETag></Object>',
    '<Object><Key>d</Key><Size>7</Size></Object>',
    '<Object><Key>d</Key><LastModifiedTime>Wed, 21 Oct 2015 07:28:00 GMT</LastModifiedTime></Object>',
    '<Object><Key>d</Key><LastModifiedTime>soon</LastModifiedTime></Object>',
    '<Object><Key>missing</Key><ETag>other</ETag></Object>',
  ]
  const { text } = await post(`<Delete>${entries.join('')}</Delete>`)
  const failed = 'PreconditionFailed'
  expect(fieldsOf(text, 'Code')).toEqual([failed, failed, failed, 'InvalidArgument'])
  expect(fieldsOf(text, 'Key')).toEqual(['c', 'd', 'd', 'd', 'd', 'missing'])
  expect((await sendSigned(gateway, { method: 'GET', target: '/bkt/d' })).status).toBe(200)
})

import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { checksumOf } from '#storage-engine/crypto/checksums.ts'
import { multipartRequests } from '#storage-engine/testing/multipart-requests.ts'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'

const { send } = await openTestGateway()
const { open, part } = multipartRequests({ send })
await send('PUT', '/bkt')

const MIB = 1024 ** 2

const complete = (key: string, uploadId: string, parts: [number, string][], headers: Record<string, string> = {}) => {
  const list = parts
    .map(([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`)
    .join('')
  return send('POST', `/bkt/${key}?uploadId=${uploadId}`, {
    headers,
    body: `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`,
  })
}

test('makes the parts one object, readable as a whole, by range and by part, and answers a retry alike', async () => {
  const uploadId = await open('whole', { 'content-type': 'text/plain', 'x-amz-meta-a': 'b' })
  const bodies = [randomBytes(5 * MIB), randomBytes(100_000)]
  const etags: [number, string][] = []
  for (const [index, body] of bodies.entries())
    etags.push([index + 1, (await part('whole', uploadId, index + 1, body)).headers.etag as string])
  const done = await complete(
    'whole',
    uploadId,
    etags.map(([number, etag]) => [number, etag.replaceAll('"', '&quot;')]),
  )
  const digest = referenceMd5(Buffer.concat(bodies.map((body) => referenceMd5(body)))).toString('hex')
  expect(done.text).toContain(`<ETag>&quot;${digest}-2&quot;</ETag>`)
  expect((await complete('whole', uploadId, etags)).text).toBe(done.text)
  const whole = await send('GET', '/bkt/whole')
  expect(whole.body.equals(Buffer.concat(bodies))).toBe(true)
  expect(whole.headers).toMatchObject({ 'content-type': 'text/plain', 'x-amz-meta-a': 'b', etag: `"${digest}-2"` })
  const across = await send('GET', '/bkt/whole', { headers: { range: `bytes=${5 * MIB - 10}-${5 * MIB + 9}` } })
  expect(across.body.equals(Buffer.concat(bodies).subarray(5 * MIB - 10, 5 * MIB + 10))).toBe(true)
  const second = await send('GET', '/bkt/whole?partNumber=2')
  expect([second.status, second.headers['x-amz-mp-parts-count'], second.body.equals(bodies[1] as Buffer)]).toEqual([
    206,
    '2',
    true,
  ])
  expect((await send('GET', '/bkt/whole?partNumber=3')).code).toBe('InvalidPart')
})

test('refuses parts that are too small, missing, of another ETag or out of order, and leaves the upload open', async () => {
  const uploadId = await open('k')
  const one = (await part('k', uploadId, 1, 'small')).headers.etag as string
  const two = (await part('k', uploadId, 2, 'last')).headers.etag as string
  expect(
    (
      await complete('k', uploadId, [
        [1, one],
        [2, two],
      ])
    ).code,
  ).toBe('EntityTooSmall')
  expect(
    (
      await complete('k', uploadId, [
        [2, two],
        [1, one],
      ])
    ).code,
  ).toBe('InvalidPartOrder')
  expect((await complete('k', uploadId, [[1, two]])).code).toBe('InvalidPart')
  expect((await complete('k', uploadId, [[3, one]])).code).toBe('InvalidPart')
  expect((await complete('k', uploadId, [])).code).toBe('MalformedXML')
  expect((await send('POST', `/bkt/k?uploadId=${uploadId}`, { body: '<Complete' })).code).toBe('MalformedXML')
  expect((await complete('k', 'nonsense', [[1, one]])).code).toBe('NoSuchUpload')
  expect((await send('GET', '/bkt/k')).code).toBe('NoSuchKey')
  expect((await complete('k', uploadId, [[2, two]])).status).toBe(200)
})

test('honours If-None-Match and the size that the client claims', async () => {
  await send('PUT', '/bkt/there')
  const uploadId = await open('there')
  const etag = (await part('there', uploadId, 1, 'x')).headers.etag as string
  expect((await complete('there', uploadId, [[1, etag]], { 'if-none-match': '*' })).code).toBe('PreconditionFailed')
  expect((await complete('there', uploadId, [[1, etag]], { 'x-amz-mp-object-size': '2' })).code).toBe('InvalidRequest')
  expect((await complete('there', uploadId, [[1, etag]], { 'x-amz-mp-object-size': '1' })).status).toBe(200)
})

test('sums full objects from CRCs of parts, and composites with their count', async () => {
  for (const [type, value] of [
    ['FULL_OBJECT', checksumOf('CRC32', Buffer.from('hello'))],
    ['COMPOSITE', `${checksumOf('CRC32', Buffer.from(checksumOf('CRC32', Buffer.from('hello')), 'base64'))}-1`],
  ]) {
    const uploadId = await open('sum', { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': type as string })
    const etag = (await part('sum', uploadId, 1, 'hello')).headers.etag as string
    expect((await complete('sum', uploadId, [[1, etag]], { 'x-amz-checksum-crc32': 'AAAAAA==' })).code).toBe(
      'BadDigest',
    )
    const { text } = await complete('sum', uploadId, [[1, etag]], { 'x-amz-checksum-crc32': value as string })
    expect(text).toContain(`<ChecksumCRC32>${value}</ChecksumCRC32><ChecksumType>${type}</ChecksumType>`)
  }
})

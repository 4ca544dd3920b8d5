import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')
await send('PUT', '/bkt/key', { body: 'x' })
await send('PUT', '/versions', { headers: { 'x-amz-bucket-object-lock-enabled': 'true' } })

const PART_BYTES = 5 * 1024 ** 2
const attributes = (target: string, names: string, headers: Record<string, string> = {}) =>
  send('GET', `${target}${target.includes('?') ? '&' : '?'}attributes`, {
    headers: { 'x-amz-object-attributes': names, ...headers },
  })

test('GetObjectAttributes tells what was asked for and no more', async () => {
  const headers = { 'x-amz-checksum-sha256': createHash('sha256').update('x').digest('base64') }
  await send('PUT', '/bkt/key', { body: 'x', headers })
  const answer = await attributes('/bkt/key', 'ETag,Checksum, ObjectParts,StorageClass,ObjectSize')
  const etag = referenceMd5('x').toString('hex')
  const checksum = `<Checksum><ChecksumSHA256>${headers['x-amz-checksum-sha256']}</ChecksumSHA256><ChecksumType>FULL_OBJECT</ChecksumType></Checksum>`
  expect(answer.text).toContain(
    `<ETag>${etag}</ETag>${checksum}<StorageClass>STANDARD</StorageClass><ObjectSize>1</ObjectSize></GetObjectAttributesResponse>`,
  )
  expect(answer.headers).toHaveProperty('last-modified')
  expect(answer.headers).not.toHaveProperty('x-amz-version-id')
  expect((await attributes('/bkt/key', 'ObjectSize')).text).toMatch(/Response [^>]*><ObjectSize>1<\/ObjectSize><\/Get/)
})

test('GetObjectAttributes tells of the version that is named', async () => {
  const versionId = (await send('PUT', '/versions/key', { body: '12' })).headers['x-amz-version-id']
  await send('PUT', '/versions/key', { body: '3' })
  const answer = await attributes(`/versions/key?versionId=${versionId}`, 'ObjectSize')
  expect([answer.headers['x-amz-version-id'], answer.text]).toEqual([versionId, expect.stringContaining('>2<')])
})

test('GetObjectAttributes pages the parts of a multipart object, and GET of a part shows its checksum', async () => {
  const algorithm = { 'x-amz-checksum-algorithm': 'CRC32' }
  const created = await send('POST', '/bkt/parts?uploads', { headers: algorithm })
  const id = /<UploadId>(.*)<\/UploadId>/.exec(created.text)?.[1]
  const checksums: unknown[] = []
  const listed: string[] = []
  for (const number of [1, 2, 3]) {
    const body = number === 3 ? Buffer.from('end') : Buffer.alloc(PART_BYTES, number)
    const part = await send('PUT', `/bkt/parts?partNumber=${number}&uploadId=${id}`, { body })
    checksums.push(part.headers['x-amz-checksum-crc32'])
    listed.push(`<Part><PartNumber>${number}</PartNumber><ETag>${part.headers.etag}</ETag></Part>`)
  }
  const body = `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`
  expect((await send('POST', `/bkt/parts?uploadId=${id}`, { body })).status).toBe(200)
  const part = (number: number, size: number) =>
    `<Part><ChecksumCRC32>${checksums[number - 1]}</ChecksumCRC32><PartNumber>${number}</PartNumber><Size>${size}</Size></Part>`
  const all = (await attributes('/bkt/parts', 'ObjectParts,Checksum')).text
  expect(all).toContain(
    `<PartsCount>3</PartsCount><PartNumberMarker>0</PartNumberMarker><NextPartNumberMarker>3</NextPartNumberMarker><MaxParts>1000</MaxParts><IsTruncated>false</IsTruncated>${part(1, PART_BYTES)}${part(2, PART_BYTES)}${part(3, 3)}`,
  )
  expect(all).toContain('<ChecksumType>COMPOSITE</ChecksumType>')
  const paging = { 'x-amz-max-parts': '1', 'x-amz-part-number-marker': '1' }
  expect((await attributes('/bkt/parts', 'ObjectParts', paging)).text).toContain(
    `<NextPartNumberMarker>2</NextPartNumberMarker><MaxParts>1</MaxParts><IsTruncated>true</IsTruncated>${part(2, PART_BYTES)}</ObjectParts>`,
  )
  const read = await send('GET', '/bkt/parts?partNumber=3', { headers: { 'x-amz-checksum-mode': 'ENABLED' } })
  expect([read.text, read.headers['x-amz-checksum-crc32'], read.headers['x-amz-checksum-type']]).toEqual([
    'end',
    checksums[2],
    'COMPOSITE',
  ])
})

test.each([
  ['/bkt/key', '', {}, 'InvalidArgument'],
  ['/bkt/key', 'ETag,Owner', {}, 'InvalidArgument'],
  ['/bkt/missing', 'ETag', {}, 'NoSuchKey'],
])('GetObjectAttributes of %s refuses %j %j with %s', async (target, names, headers, code) => {
  expect((await attributes(target, names, headers)).code).toBe(code)
})

test('GetObjectAttributes refuses a page size that is no number', async () => {
  const paging = { 'x-amz-max-parts': '-1' }
  expect((await attributes('/bkt/parts', 'ObjectParts', paging)).code).toBe('InvalidArgument')
})

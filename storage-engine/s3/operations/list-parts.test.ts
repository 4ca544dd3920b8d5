import { expect, test } from 'vitest'
import { multipartRequests } from '#storage-engine/testing/multipart-requests.ts'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
const { open, part } = multipartRequests({ send })
await send('PUT', '/bkt')

test('lists parts in order and page by page', async () => {
  const uploadId = await open('k', { 'x-amz-checksum-algorithm': 'CRC32' })
  for (const partNumber of [3, 1, 2]) await part('k', uploadId, partNumber, 'hello')
  const first = await send('GET', `/bkt/k?max-parts=2&uploadId=${uploadId}`)
  const numbers = (text: string) => [...text.matchAll(/<PartNumber>(\d+)</g)].map(([, number]) => number)
  expect(numbers(first.text)).toEqual(['1', '2'])
  expect(first.text).toContain(
    '<NextPartNumberMarker>2</NextPartNumberMarker><MaxParts>2</MaxParts><IsTruncated>true</IsTruncated>',
  )
  expect(first.text).toContain('<Size>5</Size><ChecksumCRC32>NhCmhg==</ChecksumCRC32>')
  const second = await send('GET', `/bkt/k?part-number-marker=2&uploadId=${uploadId}`)
  expect([numbers(second.text), second.text.includes('<IsTruncated>false')]).toEqual([['3'], true])
})

test('answers NoSuchUpload, and InvalidArgument for a marker that is no number', async () => {
  expect((await send('GET', '/bkt/k?uploadId=nonsense')).code).toBe('NoSuchUpload')
  expect((await send('GET', `/bkt/k?part-number-marker=x&uploadId=${await open('k')}`)).code).toBe('InvalidArgument')
})

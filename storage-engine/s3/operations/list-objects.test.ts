import { beforeAll, expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { fieldsOf } from '#storage-engine/testing/xml-fields.ts'

const { gateway, send } = await openTestGateway()

beforeAll(async () => {
  await send('PUT', '/bkt')
  for (const key of ['a', 'b/1', 'b/2', 'c%20d/%C3%BC', 'e+f', 'z'])
    await sendSigned(gateway, { method: 'PUT', target: `/bkt/${key}`, body: 'x' })
})

test('lists objects in byte order with what is known of them', async () => {
  const { status, text } = await send('GET', '/bkt')
  expect(status).toBe(200)
  expect(fieldsOf(text, 'Key')).toEqual(['a', 'b/1', 'b/2', 'c d/\u00fc', 'e+f', 'z'])
  expect(fieldsOf(text, 'Size')).toEqual(['1', '1', '1', '1', '1', '1'])
  expect(fieldsOf(text, 'ETag')[0]).toBe('&quot;9dd4e461268c8034f5c8564e155c67a6&quot;')
  expect(fieldsOf(text, 'DisplayName')).toHaveLength(6)
  expect(fieldsOf(text, 'IsTruncated')).toEqual(['false'])
  expect(fieldsOf(text, 'LastModified')[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test('folds common prefixes, counts them, and pages across them by marker', async () => {
  const pages: unknown[] = []
  let marker: string | undefined = ''
  do {
    const { text } = await send('GET', `/bkt?delimiter=%2F&marker=${encodeURIComponent(marker)}&max-keys=2`)
    const prefixes = [...text.matchAll(/<CommonPrefixes><Prefix>([^<]*)</g)].map(([, prefix]) => prefix)
    pages.push([...fieldsOf(text, 'Key'), ...prefixes])
    marker = fieldsOf(text, 'NextMarker')[0]
  } while (marker !== undefined)
  expect(pages).toEqual([['a', 'b/'], ['e+f', 'c d/'], ['z']])
})

test('encodes keys, prefixes and markers when asked to', async () => {
  const { text } = await send('GET', '/bkt?encoding-type=url&marker=b%2F2&prefix=')
  expect(fieldsOf(text, 'Key')).toEqual(['c%20d/%C3%BC', 'e%2Bf', 'z'])
  expect(fieldsOf(text, 'Marker')).toEqual(['b/2'])
  expect(fieldsOf(text, 'EncodingType')).toEqual(['url'])
})

test('answers an empty page for max-keys=0', async () => {
  const { text } = await send('GET', '/bkt?max-keys=0')
  expect([fieldsOf(text, 'Key'), fieldsOf(text, 'IsTruncated'), fieldsOf(text, 'MaxKeys')]).toEqual([
    [],
    ['false'],
    ['0'],
  ])
})

test.each(['max-keys=-1', 'max-keys=x', 'encoding-type=rot13'])('answers InvalidArgument for %s', async (query) => {
  expect((await send('GET', `/bkt?${query}`)).code).toBe('InvalidArgument')
})

test('encodes every key when asked to, but repeats the prefix as it came', async () => {
  const { text } = await send('GET', '/bkt?encoding-type=url&prefix=c%20d%2F')
  expect(fieldsOf(text, 'Key')).toEqual(['c%20d/%C3%BC'])
  expect(fieldsOf(text, 'Prefix')).toEqual(['c d/'])
})

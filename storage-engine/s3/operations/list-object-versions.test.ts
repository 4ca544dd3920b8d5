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

test('lists every object as its own null version, page by page', async () => {
  const { text } = await send('GET', '/bkt?max-keys=2&versions')
  expect([fieldsOf(text, 'Key'), fieldsOf(text, 'VersionId'), fieldsOf(text, 'IsLatest')]).toEqual([
    ['a', 'b/1'],
    ['null', 'null'],
    ['true', 'true'],
  ])
  expect([fieldsOf(text, 'NextKeyMarker'), fieldsOf(text, 'NextVersionIdMarker')]).toEqual([['b/1'], ['null']])
  const next = await send('GET', '/bkt?key-marker=b%2F1&version-id-marker=null&versions')
  expect(fieldsOf(next.text, 'Key')).toEqual(['b/2', 'c d/\u00fc', 'e+f', 'z'])
})

test('needs a key marker with a version id marker', async () => {
  expect((await send('GET', '/bkt?version-id-marker=null&versions')).code).toBe('InvalidArgument')
})

test('lists versions and delete markers of a versioned bucket, the newest of a key first, and rolls up prefixes', async () => {
  await send('PUT', '/versioned')
  const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
  await send('PUT', '/versioned?versioning', { body })
  const ids: unknown[] = []
  for (const [method, key] of [
    ['PUT', 'k'],
    ['DELETE', 'k'],
    ['PUT', 'k'],
    ['DELETE', 'p/1'],
    ['PUT', 'p/2'],
  ] as const) {
    ids.unshift((await send(method, `/versioned/${key}`)).headers['x-amz-version-id'])
  }
  const { text } = await send('GET', '/versioned?delimiter=%2F&versions')
  expect(text.match(/<(Version|DeleteMarker)>/g)).toEqual(['<Version>', '<DeleteMarker>', '<Version>'])
  expect(fieldsOf(text, 'VersionId')).toEqual(ids.slice(2))
  expect(fieldsOf(text, 'IsLatest')).toEqual(['true', 'false', 'false'])
  expect(text).toContain('<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>')
  expect(text.match(/<Owner><ID>[0-9a-f]{64}<\/ID>/g)).toHaveLength(3)
  const first = await send('GET', '/versioned?versions&max-keys=1')
  expect([fieldsOf(first.text, 'NextKeyMarker'), fieldsOf(first.text, 'NextVersionIdMarker')]).toEqual([
    ['k'],
    [ids[2]],
  ])
})

test.each([
  ['version-id-marker=nonsense&key-marker=a', 'InvalidArgument'],
  ['max-keys=-1', 'InvalidArgument'],
  ['encoding-type=base64', 'InvalidArgument'],
])('answers ?versions&%s with %s', async (query, code) => {
  expect((await send('GET', `/bkt?versions&${query}`)).code).toBe(code)
})

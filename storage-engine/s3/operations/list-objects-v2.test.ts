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

test('pages by opaque tokens through objects and common prefixes', async () => {
  const pages: unknown[] = []
  let query = '/bkt?delimiter=%2F&list-type=2&max-keys=2'
  for (;;) {
    const { text } = await send('GET', query)
    const prefixes = [...text.matchAll(/<CommonPrefixes><Prefix>([^<]*)</g)].map(([, prefix]) => prefix)
    pages.push([...fieldsOf(text, 'Key'), ...prefixes, ...fieldsOf(text, 'KeyCount')])
    const next = fieldsOf(text, 'NextContinuationToken')[0]
    if (next === undefined) break
    query = `/bkt?continuation-token=${next}&delimiter=%2F&list-type=2&max-keys=2`
  }
  expect(pages).toEqual([
    ['a', 'b/', '2'],
    ['e+f', 'c d/', '2'],
    ['z', '1'],
  ])
})

test('names owners only when asked, and starts after a key', async () => {
  const { text } = await send('GET', '/bkt?list-type=2&start-after=b%2F2')
  expect([fieldsOf(text, 'Key'), fieldsOf(text, 'StartAfter'), fieldsOf(text, 'DisplayName')]).toEqual([
    ['c d/\u00fc', 'e+f', 'z'],
    ['b/2'],
    [],
  ])
  expect(fieldsOf((await send('GET', '/bkt?fetch-owner=true&list-type=2')).text, 'DisplayName')).toHaveLength(6)
})

test('lists below a prefix, also one in another script, and encodes when asked to', async () => {
  expect(fieldsOf((await send('GET', '/bkt?list-type=2&prefix=b%2F')).text, 'Key')).toEqual(['b/1', 'b/2'])
  expect(fieldsOf((await send('GET', '/bkt?encoding-type=url&list-type=2&prefix=c%20d%2F%C3%BC')).text, 'Key')).toEqual(
    ['c%20d/%C3%BC'],
  )
  expect(fieldsOf((await send('GET', '/bkt?delimiter=&list-type=2')).text, 'Key')).toHaveLength(6)
})

test.each(['continuation-token=x', 'max-keys=-1'])('answers InvalidArgument for %s', async (query) => {
  expect(
    (await send('GET', `/bkt?${query.startsWith('m') ? `list-type=2&${query}` : `${query}&list-type=2`}`)).code,
  ).toBe('InvalidArgument')
})

test('takes an empty continuation token as the start, and repeats it', async () => {
  const { status, text } = await send('GET', '/bkt?continuation-token=&list-type=2')
  expect(status).toBe(200)
  expect(text).toContain('<ContinuationToken></ContinuationToken>')
})

import { expect, test } from 'vitest'
import { multipartRequests } from '#storage-engine/testing/multipart-requests.ts'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
const { open } = multipartRequests({ send })
await send('PUT', '/bkt')

const keysOf = (text: string) => [...text.matchAll(/<Key>([^<]*)</g)].map(([, key]) => key)

test('lists open uploads in order, page by page, and folds common prefixes', async () => {
  expect(keysOf((await send('GET', '/bkt?uploads')).text)).toEqual([])
  for (const key of ['b', 'a/1', 'a/2', 'c']) await open(key)
  expect(keysOf((await send('GET', '/bkt?uploads')).text)).toEqual(['a/1', 'a/2', 'b', 'c'])
  const folded = await send('GET', '/bkt?delimiter=%2F&uploads')
  expect(keysOf(folded.text)).toEqual(['b', 'c'])
  expect(folded.text).toContain('<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>')
  const first = await send('GET', '/bkt?max-uploads=3&uploads')
  const marker = (name: string) => new RegExp(`<${name}>([^<]*)<`).exec(first.text)?.[1] as string
  expect(first.text).toContain('<IsTruncated>true</IsTruncated>')
  const next = await send(
    'GET',
    `/bkt?key-marker=${marker('NextKeyMarker')}&upload-id-marker=${marker('NextUploadIdMarker')}&uploads`,
  )
  expect([...keysOf(first.text), ...keysOf(next.text)]).toEqual(['a/1', 'a/2', 'b', 'c'])
})

test('answers InvalidArgument for a page size that is no number', async () => {
  expect((await send('GET', '/bkt?max-uploads=x&uploads')).code).toBe('InvalidArgument')
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
  for (const key of ['a', 'b/1', 'b/2', 'c%20d/%C3%BC', 'e+f', 'z'])
    await sendSigned(gateway, { method: 'PUT', target: `/bkt/${key}`, body: 'x' })
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })

const fieldsOf = (text: string, name: string) =>
  [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, value]) => value)

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

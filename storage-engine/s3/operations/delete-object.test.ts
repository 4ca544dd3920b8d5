import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
  await sendSigned(gateway, { method: 'PUT', target: '/bkt/k' })
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, headers: Record<string, string> = {}) =>
  sendSigned(gateway, { method, target, headers })

test('deletes an object, and answers 204 also when there is none', async () => {
  expect((await send('DELETE', '/bkt/k')).status).toBe(204)
  expect((await send('GET', '/bkt/k')).code).toBe('NoSuchKey')
  expect((await send('DELETE', '/bkt/k')).status).toBe(204)
})

test('deletes the null version by its name, and leaves the object alone for any other', async () => {
  await send('PUT', '/bkt/v')
  expect((await send('DELETE', '/bkt/v?versionId=01890000-0000-7000-8000-000000000000')).status).toBe(204)
  expect((await send('GET', '/bkt/v')).status).toBe(200)
  expect((await send('DELETE', '/bkt/v?versionId=nonsense')).code).toBe('InvalidArgument')
  expect((await send('DELETE', '/bkt/v?versionId=null')).headers['x-amz-version-id']).toBe('null')
  expect((await send('GET', '/bkt/v')).status).toBe(404)
})

const version = (answer: { headers: Record<string, unknown> }) => answer.headers['x-amz-version-id'] as string

async function makeVersioned(name: string): Promise<void> {
  await send('PUT', `/${name}`)
  const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
  await sendSigned(gateway, { method: 'PUT', target: `/${name}?versioning`, body })
}

test('puts a delete marker on a versioned key, whether it exists or not, and removes what is named', async () => {
  await makeVersioned('versioned')
  const first = version(await send('PUT', '/versioned/k'))
  const marker = await send('DELETE', '/versioned/k')
  expect(marker.headers['x-amz-delete-marker']).toBe('true')
  expect((await send('GET', '/versioned/k')).code).toBe('NoSuchKey')
  const gone = await send('DELETE', `/versioned/k?versionId=${version(marker)}`)
  expect([gone.status, gone.headers['x-amz-delete-marker'], version(gone)]).toEqual([204, 'true', version(marker)])
  expect(version(await send('GET', '/versioned/k'))).toBe(first)
  const last = await send('DELETE', `/versioned/k?versionId=${first}`)
  expect([last.status, last.headers['x-amz-delete-marker'], version(last)]).toEqual([204, undefined, first])
  expect((await send('DELETE', '/versioned/never')).headers['x-amz-delete-marker']).toBe('true')
})

test.each([
  ['if-match', '"x"'],
  ['x-amz-if-match-last-modified-time', 'Wed, 21 Oct 2015 07:28:00 GMT'],
  ['x-amz-if-match-size', '9'],
])('deletes only what meets %s, and has nothing to do where there is nothing', async (name, wrong) => {
  const { headers } = await send('PUT', '/bkt/c')
  const lastModified = (await send('HEAD', '/bkt/c')).headers['last-modified'] as string
  const right = { 'if-match': headers.etag as string, 'x-amz-if-match-size': '0' }[name] ?? lastModified
  expect((await send('DELETE', '/bkt/c', { [name]: wrong })).code).toBe('PreconditionFailed')
  expect((await send('GET', '/bkt/c')).status).toBe(200)
  expect((await send('DELETE', '/bkt/c', { [name]: right })).status).toBe(204)
  expect((await send('GET', '/bkt/c')).status).toBe(404)
  expect((await send('DELETE', '/bkt/c', { [name]: wrong })).status).toBe(204)
})

test.each([
  ['x-amz-if-match-last-modified-time', 'yesterday'],
  ['x-amz-if-match-size', '-1'],
])('answers InvalidArgument to %s: %s and deletes nothing', async (name, value) => {
  await send('PUT', '/bkt/d')
  expect((await send('DELETE', '/bkt/d', { [name]: value })).code).toBe('InvalidArgument')
  expect((await send('GET', '/bkt/d')).status).toBe(200)
})

test('holds the conditions against the version that is named, and a delete marker meets none that names an etag', async () => {
  await makeVersioned('conditions')
  const first = await send('PUT', '/conditions/k', { 'x-amz-meta-n': '1' })
  await send('DELETE', '/conditions/k')
  const named = `/conditions/k?versionId=${version(first)}`
  expect((await send('DELETE', '/conditions/k', { 'if-match': '"x"' })).code).toBe('PreconditionFailed')
  expect((await send('DELETE', '/conditions/k', { 'if-match': '*' })).status).toBe(204)
  expect((await send('DELETE', named, { 'if-match': '"x"' })).code).toBe('PreconditionFailed')
  expect((await send('DELETE', named, { 'if-match': first.headers.etag as string })).status).toBe(204)
  expect((await send('GET', named)).code).toBe('NoSuchVersion')
})

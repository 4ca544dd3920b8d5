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

test('refuses conditions that it cannot honour, rather than delete in spite of them', async () => {
  await send('PUT', '/bkt/c')
  expect((await send('DELETE', '/bkt/c', { 'if-match': '"x"' })).code).toBe('NotImplemented')
  expect((await send('GET', '/bkt/c')).status).toBe(200)
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })

test('GetObjectAcl answers full control for who wrote it, and what its ACL grants besides', async () => {
  await send('PUT', '/bkt/key', { body: 'x' })
  expect((await send('GET', '/bkt/key?acl')).text).toMatch(
    /<Owner><ID>(\w{64})<.*<Grant><Grantee [^>]*type="CanonicalUser"><ID>\1<.*<Permission>FULL_CONTROL<.*<\/Grant><\/AccessControlList>/,
  )
  await send('PUT', '/bkt/key', { body: 'x', headers: { 'x-amz-acl': 'public-read' } })
  expect((await send('GET', '/bkt/key?acl')).text).toMatch(/AllUsers<\/URI><\/Grantee><Permission>READ<.*FULL_CONTROL</)
  expect((await send('GET', '/bkt/key?acl', { as: null })).code).toBe('AccessDenied')
})

test('GetObjectAcl answers NoSuchKey to who may list, AccessDenied to others', async () => {
  expect((await send('GET', '/bkt/nothing?acl')).code).toBe('NoSuchKey')
  expect((await send('GET', '/bkt/nothing?acl', { as: 'user' })).code).toBe('AccessDenied')
})

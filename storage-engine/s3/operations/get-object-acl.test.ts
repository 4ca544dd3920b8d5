import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

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

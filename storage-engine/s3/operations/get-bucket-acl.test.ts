import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('GetBucketAcl answers full control for the owner, and groups before it once there are some', async () => {
  const grants = async () =>
    [...(await send('GET', '/bkt?acl')).text.matchAll(/type="(\w+)">.*?<Permission>(\w+)</g)].map(
      ([, type, permission]) => `${type} ${permission}`,
    )
  expect(await grants()).toEqual(['CanonicalUser FULL_CONTROL'])
  await send('PUT', '/bkt?acl', { headers: { 'x-amz-acl': 'log-delivery-write' } })
  expect(await grants()).toEqual(['Group WRITE', 'Group READ_ACP', 'CanonicalUser FULL_CONTROL'])
})

test('GetBucketAcl is for whoever has READ_ACP', async () => {
  expect((await send('GET', '/bkt?acl', { as: 'user' })).code).toBe('AccessDenied')
  const headers = { 'x-amz-grant-read-acp': 'uri=http://acs.amazonaws.com/groups/global/AuthenticatedUsers' }
  await send('PUT', '/bkt?acl', { headers })
  expect((await send('GET', '/bkt?acl', { as: 'neighbour' })).status).toBe(200)
  expect((await send('GET', '/bkt?acl', { as: null })).code).toBe('AccessDenied')
})

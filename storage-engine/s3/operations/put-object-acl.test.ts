import { beforeAll, expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { putSlowly } from '#storage-engine/testing/send-slowly.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'

const { gateway, send } = await openTestGateway()

beforeAll(async () => {
  await send('PUT', '/bkt')
  await sendSigned(gateway, { method: 'PUT', target: '/bkt/key', body: 'hello' })
})
const acl = (value: string) => ({ headers: { 'x-amz-acl': value } })
const ALL_USERS = '<Grantee><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>'

test('PutObjectAcl takes canned ACLs and documents, and leaves the rest of the object alone', async () => {
  const before = (await send('HEAD', '/bkt/key')).headers
  expect((await send('PUT', '/bkt/key?acl', acl('public-read'))).status).toBe(200)
  expect((await send('GET', '/bkt/key', { as: null })).text).toBe('hello')
  await send('PUT', '/bkt/key?acl', acl('private'))
  expect((await send('GET', '/bkt/key', { as: null })).code).toBe('AccessDenied')
  const body = `<AccessControlPolicy><AccessControlList><Grant>${ALL_USERS}<Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>`
  expect((await send('PUT', '/bkt/key?acl', { body })).status).toBe(200)
  expect((await send('GET', '/bkt/key', { as: null })).text).toBe('hello')
  const after = (await send('HEAD', '/bkt/key')).headers
  expect(after['last-modified']).toBe(before['last-modified'])
  expect(after.etag).toBe(before.etag)
})

test('PutObjectAcl changes the version that it names, and says which', async () => {
  const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
  await send('PUT', '/versioned')
  await send('PUT', '/versioned?versioning', { body })
  const [first, second] = [
    await send('PUT', '/versioned/key', { body: '1' }),
    await send('PUT', '/versioned/key', { body: '2' }),
  ]
  const id = first.headers['x-amz-version-id'] as string
  const answer = await send('PUT', `/versioned/key?acl&versionId=${id}`, acl('public-read'))
  expect(answer.headers['x-amz-version-id']).toBe(id)
  expect((await send('GET', `/versioned/key?versionId=${id}`, { as: null })).text).toBe('1')
  expect((await send('GET', '/versioned/key', { as: null })).code).toBe('AccessDenied')
  const current = await send('PUT', '/versioned/key?acl', acl('public-read'))
  expect(current.headers['x-amz-version-id']).toBe(second.headers['x-amz-version-id'])
})

test('PutObjectAcl is for the owner of the object and whoever has WRITE_ACP', async () => {
  await send('PUT', '/bkt/key?acl', acl('private'))
  expect((await send('PUT', '/bkt/key?acl', { as: 'user', ...acl('public-read') })).code).toBe('AccessDenied')
  const group = 'uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"'
  await send('PUT', '/bkt/key?acl', { headers: { 'x-amz-grant-write-acp': group } })
  expect((await send('PUT', '/bkt/key?acl', { as: 'user', ...acl('public-read') })).status).toBe(200)
  expect((await send('GET', '/bkt/key', { as: null })).text).toBe('hello')
})

test.each([
  ['the object was replaced', () => send('PUT', '/bkt/slow', { body: 'secret' })],
  ['the right was taken away', () => send('PUT', '/bkt/slow?acl', acl('private'))],
])('PutObjectAcl gives nothing to whom it let begin, once %s', async (_what, meanwhile) => {
  const group = 'uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"'
  await send('PUT', '/bkt/slow', { body: 'open', headers: { 'x-amz-grant-write-acp': group } })
  const document = `<AccessControlPolicy><AccessControlList><Grant>${ALL_USERS}<Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>`
  const request = { target: '/bkt/slow?acl', document, as: 'user', meanwhile } as const
  expect(await putSlowly(gateway, request)).toContain('<Code>AccessDenied</Code>')
  expect((await send('GET', '/bkt/slow', { as: 'user' })).code).toBe('AccessDenied')
})

test.each([
  ['/bkt/key?acl', acl('everybody'), 'InvalidArgument'],
  ['/bkt/key?acl', {}, 'MissingSecurityHeader'],
  ['/bkt/key?acl', { body: '<AccessControlPolicy/>' }, 'MalformedACLError'],
  ['/bkt/nothing?acl', acl('private'), 'NoSuchKey'],
  ['/bkt/key?acl&versionId=01890000-0000-7000-8000-000000000000', acl('private'), 'NoSuchVersion'],
] as const)('PutObjectAcl of %s with %j answers %s', async (target, input, code) => {
  expect((await send('PUT', target, input)).code).toBe(code)
})

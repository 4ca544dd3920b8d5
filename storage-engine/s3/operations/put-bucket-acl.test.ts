import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

const idOf = async (as: 'root' | 'user' | 'neighbour') =>
  /<Owner><ID>(\w+)</.exec((await send('GET', '/', { as })).text)?.[1] as string
const grant = (grantee: string, permission = 'READ') =>
  `<Grant><Grantee>${grantee}</Grantee><Permission>${permission}</Permission></Grant>`
const acl = (grants: string, owner = '') =>
  `<AccessControlPolicy>${owner}<AccessControlList>${grants}</AccessControlList></AccessControlPolicy>`

test('PutBucketAcl takes a canned ACL, which replaces the one before', async () => {
  expect((await send('PUT', '/bkt?acl', { headers: { 'x-amz-acl': 'public-read' } })).status).toBe(200)
  expect((await send('GET', '/bkt', { as: null })).status).toBe(200)
  await send('PUT', '/bkt?acl', { headers: { 'x-amz-acl': 'private' } })
  expect((await send('GET', '/bkt', { as: null })).code).toBe('AccessDenied')
})

test('PutBucketAcl takes a document with ids, groups and no grant at all', async () => {
  const body = acl(grant(`<ID>${await idOf('user')}</ID>`), `<Owner><ID>${await idOf('root')}</ID></Owner>`)
  expect((await send('PUT', '/bkt?acl', { body })).status).toBe(200)
  expect((await send('GET', '/bkt', { as: 'user' })).status).toBe(200)
  expect((await send('PUT', '/bkt/key', { as: 'user', body: 'x' })).code).toBe('AccessDenied')
  await send('PUT', '/bkt?acl', { body: acl('') })
  expect((await send('GET', '/bkt?acl')).text).toContain('<AccessControlList></AccessControlList>')
  expect((await send('GET', '/bkt', { as: 'user' })).code).toBe('AccessDenied')
})

test('PutBucketAcl takes grants in headers, with quotes and without, several in one', async () => {
  const id = await idOf('user')
  const other = await idOf('neighbour')
  const headers = {
    'x-amz-grant-write': `id="${id}", id=${other}`,
    'x-amz-grant-full-control': `id=${await idOf('root')}`,
  }
  expect((await send('PUT', '/bkt?acl', { headers })).status).toBe(200)
  for (const as of ['user', 'neighbour'] as const) {
    expect((await send('PUT', '/bkt/by-grant', { as, body: 'x' })).status).toBe(200)
  }
})

test.each([
  [{ headers: { 'x-amz-acl': 'everybody' } }, 'InvalidArgument'],
  [{ headers: { 'x-amz-acl': 'private', 'x-amz-grant-read': 'id=x' } }, 'InvalidRequest'],
  [{ headers: { 'x-amz-acl': 'private' }, body: acl('') }, 'UnexpectedContent'],
  [{ headers: { 'x-amz-grant-read': 'id=nobody' } }, 'InvalidArgument'],
  [{ headers: { 'x-amz-grant-read': 'somebody' } }, 'InvalidArgument'],
  [{ headers: { 'x-amz-grant-read': 'uri=http://acs.amazonaws.com/groups/global/Friends' } }, 'InvalidArgument'],
  [{ headers: { 'x-amz-grant-read': 'emailAddress=nobody@example.org' } }, 'UnresolvableGrantByEmailAddress'],
  [{}, 'MissingSecurityHeader'],
  [{ body: '<AccessControlPolicy/>' }, 'MalformedACLError'],
  [{ body: acl(grant('<ID>_foo</ID>', 'ALL')) }, 'MalformedACLError'],
  [{ body: acl(grant('')) }, 'MalformedACLError'],
  [{ body: acl(grant('<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>').repeat(101)) }, 'MalformedACLError'],
  [{ body: acl(grant('<ID>_foo</ID>')) }, 'InvalidArgument'],
  [{ body: acl('', '<Owner><ID>somebody-else</ID></Owner>') }, 'AccessDenied'],
])('PutBucketAcl refuses %j with %s', async (input, code) => {
  expect((await send('PUT', '/bkt?acl', input)).code).toBe(code)
})

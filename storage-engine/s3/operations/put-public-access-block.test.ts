import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

const block = (content: string) => `<PublicAccessBlockConfiguration>${content}</PublicAccessBlockConfiguration>`

test('PutPublicAccessBlock replaces the whole configuration: what it leaves out is off', async () => {
  const first = block('<BlockPublicAcls>true</BlockPublicAcls><RestrictPublicBuckets>TRUE</RestrictPublicBuckets>')
  expect((await send('PUT', '/bkt?publicAccessBlock', { body: first })).status).toBe(200)
  expect((await send('GET', '/bkt?publicAccessBlock')).text).toContain(
    '<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>false</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets>',
  )
  await send('PUT', '/bkt?publicAccessBlock', { body: block('') })
  expect((await send('GET', '/bkt?publicAccessBlock')).text).not.toContain('true')
})

test.each(['', '<Other/>', block('<BlockPublicAcls>perhaps</BlockPublicAcls>'), block('<BlockAll>true</BlockAll>')])(
  'PutPublicAccessBlock refuses %j with MalformedXML',
  async (body) => {
    expect((await send('PUT', '/bkt?publicAccessBlock', { body })).code).toBe('MalformedXML')
  },
)

test('PutPublicAccessBlock stops public ACLs from being set, from counting, and public buckets from being public', async () => {
  await send('PUT', '/bkt?publicAccessBlock', { body: block('') })
  await send('PUT', '/bkt/key', { body: 'hello', headers: { 'x-amz-acl': 'public-read' } })
  expect((await send('GET', '/bkt/key', { as: null })).text).toBe('hello')
  await send('PUT', '/bkt?publicAccessBlock', { body: block('<IgnorePublicAcls>true</IgnorePublicAcls>') })
  expect((await send('GET', '/bkt/key', { as: null })).code).toBe('AccessDenied')
  await send('PUT', '/bkt?publicAccessBlock', { body: block('<BlockPublicAcls>true</BlockPublicAcls>') })
  const headers = { 'x-amz-acl': 'public-read' }
  expect((await send('PUT', '/bkt/new', { body: 'x', headers })).code).toBe('AccessDenied')
  expect((await send('PUT', '/bkt?acl', { headers })).code).toBe('AccessDenied')
  const grants = { 'x-amz-grant-read': 'uri="http://acs.amazonaws.com/groups/global/AllUsers"' }
  expect((await send('PUT', '/bkt/new', { body: 'x', headers: grants })).code).toBe('AccessDenied')
})

import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

const controls = (ownership: string) =>
  `<OwnershipControls><Rule><ObjectOwnership>${ownership}</ObjectOwnership></Rule></OwnershipControls>`
const put = (ownership: string, bucket = 'bkt') =>
  send('PUT', `/${bucket}?ownershipControls`, { body: controls(ownership) })
const ownerOf = async (target: string, as: 'root' | 'neighbour' = 'root') =>
  /<Owner><ID>(\w+)</.exec((await send('GET', `${target}?acl`, { as })).text)?.[1]

test('PutBucketOwnershipControls stores one of three rules', async () => {
  for (const ownership of ['ObjectWriter', 'BucketOwnerPreferred', 'BucketOwnerEnforced']) {
    expect((await put(ownership)).status).toBe(200)
    expect((await send('GET', '/bkt?ownershipControls')).text).toContain(`<ObjectOwnership>${ownership}<`)
  }
})

test.each(['', controls('Anybody'), '<OwnershipControls/>', '<OwnershipControls><Rule/><Rule/></OwnershipControls>'])(
  'PutBucketOwnershipControls refuses %j with MalformedXML',
  async (body) => {
    expect((await send('PUT', '/bkt?ownershipControls', { body })).code).toBe('MalformedXML')
  },
)

test('PutBucketOwnershipControls does not switch off an ACL that grants something to others', async () => {
  await send('PUT', '/shared', { headers: { 'x-amz-acl': 'public-read' } })
  const answer = await put('BucketOwnerEnforced', 'shared')
  expect(answer).toMatchObject({ status: 400, code: 'InvalidBucketAclWithObjectOwnership' })
  await send('PUT', '/shared?acl', { headers: { 'x-amz-acl': 'private' } })
  expect((await put('BucketOwnerEnforced', 'shared')).status).toBe(200)
})

test('PutBucketOwnershipControls decides to whom objects of others belong', async () => {
  await send('PUT', '/open', { headers: { 'x-amz-acl': 'public-read-write' } })
  const owner = await ownerOf('/open')
  const write = (key: string, headers: Record<string, string> = {}) =>
    send('PUT', `/open/${key}`, { as: 'neighbour', body: 'x', headers })
  await put('BucketOwnerPreferred', 'open')
  await write('own')
  await write('given', { 'x-amz-acl': 'bucket-owner-full-control' })
  expect(await ownerOf('/open/given')).toBe(owner)
  expect(await ownerOf('/open/own', 'neighbour')).not.toBe(owner)
  expect((await send('GET', '/open/own')).code).toBe('AccessDenied')
  await put('ObjectWriter', 'open')
  await write('kept', { 'x-amz-acl': 'bucket-owner-full-control' })
  expect(await ownerOf('/open/kept')).not.toBe(owner)
  expect((await send('GET', '/open/kept')).text).toBe('x')
})

test('PutBucketOwnershipControls with BucketOwnerEnforced switches ACLs off', async () => {
  await send('PUT', '/enforced')
  await put('BucketOwnerEnforced', 'enforced')
  const write = (acl: string) => send('PUT', '/enforced/key', { body: 'x', headers: { 'x-amz-acl': acl } })
  expect((await write('bucket-owner-full-control')).status).toBe(200)
  expect(await write('private')).toMatchObject({ status: 400, code: 'AccessControlListNotSupported' })
  const headers = { 'x-amz-acl': 'private' }
  expect((await send('PUT', '/enforced?acl', { headers })).code).toBe('AccessControlListNotSupported')
})

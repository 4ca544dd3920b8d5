import { expect, test } from 'vitest'
import { findBucket } from '#storage-engine/metadata/buckets.ts'
import { createIamUser } from '#storage-engine/testing/iam-request.ts'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { sendAs } from '#storage-engine/testing/sent-credentials.ts'

const { gateway, send } = await openTestGateway()

const configuration = (region: string) =>
  `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`

const tags = (key: string) =>
  `<CreateBucketConfiguration><Tags><Tag><Key>${key}</Key><Value></Value></Tag></Tags></CreateBucketConfiguration>`

test('creates a bucket, with and without a configuration of our region', async () => {
  const answer = await send('PUT', '/one')
  expect([answer.status, answer.headers['location'], answer.text]).toEqual([200, '/one', ''])
  expect((await send('PUT', '/two/', { body: configuration('us-east-1') })).status).toBe(200)
  expect((await send('PUT', '/three', { body: configuration('') })).status).toBe(200)
})

test.each([
  ['/ab', '', 'InvalidBucketName'],
  ['/UPPER', '', 'InvalidBucketName'],
  ['/under_score', '', 'InvalidBucketName'],
  ['/192.168.0.1', '', 'InvalidBucketName'],
  ['/region', configuration('mars-1'), 'InvalidLocationConstraint'],
  ['/broken', '<CreateBucketConfiguration>', 'MalformedXML'],
  ['/other', '<Other/>', 'MalformedXML'],
  ['/typed', '<CreateBucketConfiguration><Bucket/></CreateBucketConfiguration>', 'NotImplemented'],
  ['/tagged', tags('aws:a'), 'InvalidTag'],
  ['/tagged', tags('a').replace('<Value></Value>', ''), 'MalformedXML'],
])('refuses PUT %s %s with %s', async (target, body, code) => {
  expect((await send('PUT', target, { body })).code).toBe(code)
  expect((await send('HEAD', target)).status).toBe(404)
})

test('gives a bucket the ACL and the object ownership that its headers ask for', async () => {
  const headers = { 'x-amz-acl': 'public-read', 'x-amz-object-ownership': 'ObjectWriter' }
  expect((await send('PUT', '/shared', { headers })).status).toBe(200)
  expect((await send('GET', '/shared', { as: null })).status).toBe(200)
  expect((await send('GET', '/shared?ownershipControls')).text).toContain('>ObjectWriter<')
})

test('refuses ACLs beside enforced ownership, and unknown values of both', async () => {
  const make = (acl: string, ownership: string) =>
    send('PUT', '/refused', { headers: { 'x-amz-acl': acl, 'x-amz-object-ownership': ownership } })
  expect((await make('public-read', 'BucketOwnerEnforced')).code).toBe('InvalidBucketAclWithObjectOwnership')
  expect((await make('private', 'Anybody')).code).toBe('InvalidArgument')
  expect((await make('everybody', 'ObjectWriter')).code).toBe('InvalidArgument')
  expect((await send('HEAD', '/refused')).status).toBe(404)
  expect((await make('private', 'BucketOwnerEnforced')).status).toBe(200)
})

test('in us-east-1 keeps what its owner makes again, and answers BucketAlreadyExists to everybody else', async () => {
  await send('PUT', '/taken')
  await send('PUT', '/taken/key')
  expect((await send('PUT', '/taken')).status).toBe(200)
  expect((await send('HEAD', '/taken/key')).status).toBe(200)
  expect((await send('PUT', '/taken', { as: 'user' })).code).toBe('BucketAlreadyExists')
  expect((await send('PUT', '/taken', { as: 'neighbour' })).code).toBe('BucketAlreadyExists')
})

test('creates a bucket with tags', async () => {
  expect((await send('PUT', '/tags', { body: tags('a') })).status).toBe(200)
  expect((await send('GET', '/tags?tagging')).text).toContain('<Tag><Key>a</Key><Value></Value></Tag>')
})

test('creates a bucket with object lock, whose versioning is on at once', async () => {
  const headers = { 'x-amz-bucket-object-lock-enabled': 'True' }
  expect((await send('PUT', '/locked', { headers })).status).toBe(200)
  expect((await send('GET', '/locked?object-lock')).text).toContain('<ObjectLockEnabled>Enabled</ObjectLockEnabled>')
  expect((await findBucket(gateway.engine.db, { name: 'locked' }))?.versioning).toBe('enabled')
  const unlocked = { 'x-amz-bucket-object-lock-enabled': 'false' }
  expect((await send('PUT', '/unlocked', { headers: unlocked })).status).toBe(200)
  expect((await send('GET', '/unlocked?object-lock')).status).toBe(404)
  const vague = { 'x-amz-bucket-object-lock-enabled': 'perhaps' }
  expect((await send('PUT', '/vague', { headers: vague })).code).toBe('InvalidArgument')
})

test('whoever may make buckets needs a right of its own for tags, ownership, ACL and object lock', async () => {
  const maker = await createIamUser(gateway, { name: 'maker', allow: 's3:CreateBucket' })
  const locker = await createIamUser(gateway, {
    name: 'locker',
    allow: ['s3:CreateBucket', 's3:PutBucketObjectLockConfiguration', 's3:PutBucketVersioning'],
  })
  expect((await sendAs(gateway, maker, { method: 'PUT', target: '/made' })).status).toBe(200)
  for (const headers of [
    { 'x-amz-bucket-object-lock-enabled': 'true' },
    { 'x-amz-object-ownership': 'ObjectWriter' },
    { 'x-amz-acl': 'public-read' },
  ] as Record<string, string>[]) {
    expect((await sendAs(gateway, maker, { method: 'PUT', target: '/forbidden', headers })).code).toBe('AccessDenied')
  }
  expect((await sendAs(gateway, maker, { method: 'PUT', target: '/forbidden', body: tags('a') })).code).toBe(
    'AccessDenied',
  )
  expect((await send('HEAD', '/forbidden')).status).toBe(404)
  const lock = { 'x-amz-bucket-object-lock-enabled': 'true' }
  expect((await sendAs(gateway, locker, { method: 'PUT', target: '/permitted', headers: lock })).status).toBe(200)
})

import { beforeAll, expect, test } from 'vitest'
import { setBucketVersioning } from '#storage-engine/metadata/bucket-settings.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'

const { gateway, send } = await openTestGateway()

beforeAll(async () => {
  await sendSigned(gateway, { method: 'PUT', target: '/bkt', headers: { 'x-amz-bucket-object-lock-enabled': 'true' } })
})

const configuration = (period: string, mode = 'GOVERNANCE') =>
  `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>${mode}</Mode>${period}</DefaultRetention></Rule></ObjectLockConfiguration>`

const put = (target: string, body: string) =>
  send('PUT', target, { body, headers: { 'content-md5': referenceMd5(body).toString('base64') } })

test('PutObjectLockConfiguration sets and takes away the default retention of a locked bucket', async () => {
  expect((await put('/bkt?object-lock', configuration('<Days>1</Days>'))).status).toBe(200)
  expect((await put('/bkt?object-lock', configuration('<Years>1</Years>', 'COMPLIANCE'))).status).toBe(200)
  const { text } = await send('GET', '/bkt?object-lock')
  expect(text).toContain('<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Years>1</Years></DefaultRetention></Rule>')
  const without = '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>'
  expect((await put('/bkt?object-lock', without)).status).toBe(200)
  expect((await send('GET', '/bkt?object-lock')).text).not.toContain('Rule')
})

test.each([
  [configuration('<Days>0</Days>'), 400, 'InvalidRetentionPeriod'],
  [configuration('<Years>-1</Years>'), 400, 'InvalidRetentionPeriod'],
  [configuration('<Days>36501</Days>'), 400, 'InvalidRetentionPeriod'],
  [configuration('<Days>1</Days><Years>1</Years>'), 400, 'MalformedXML'],
  [configuration(''), 400, 'MalformedXML'],
  [configuration('<Days>1</Days>', 'governance'), 400, 'MalformedXML'],
  [configuration('<Days>1</Days>').replace('Enabled<', 'Disabled<'), 400, 'MalformedXML'],
  ['<ObjectLockConfiguration/>', 400, 'MalformedXML'],
])('PutObjectLockConfiguration refuses %s with %i %s', async (body, status, code) => {
  const answer = await put('/bkt?object-lock', body)
  expect([answer.status, answer.code]).toEqual([status, code])
})

test('PutObjectLockConfiguration wants to be told a digest of the document', async () => {
  const answer = await send('PUT', '/bkt?object-lock', { body: configuration('<Days>1</Days>') })
  expect([answer.code, answer.text]).toEqual(['InvalidRequest', expect.stringContaining('Content-MD5')])
})

test('PutObjectLockConfiguration needs versioning: 409 InvalidBucketState before, and object lock after', async () => {
  await send('PUT', '/late')
  const { id } = (await findBucket(gateway.engine.db, { name: 'late' })) as Bucket
  const body = configuration('<Days>1</Days>')
  expect((await put('/late?object-lock', body)).code).toBe('InvalidBucketState')
  await setBucketVersioning(gateway.engine.db, { bucketId: id, versioning: 'suspended' })
  const suspended = await put('/late?object-lock', body)
  expect([suspended.status, suspended.code]).toEqual([409, 'InvalidBucketState'])
  await setBucketVersioning(gateway.engine.db, { bucketId: id, versioning: 'enabled' })
  expect((await put('/late?object-lock', body)).status).toBe(200)
  expect((await send('GET', '/late?object-lock')).text).toContain('<Days>1</Days>')
})

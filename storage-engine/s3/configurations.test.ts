import { afterAll, beforeAll, expect, test } from 'vitest'
import { OPERATIONS } from '#storage-engine/s3/operation-table.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
  await sendSigned(gateway, { method: 'PUT', target: '/bkt/key', body: 'x' })
})

afterAll(() => gateway.stop())

test.each([
  ['policy', 404, 'NoSuchBucketPolicy'],
  ['cors', 404, 'NoSuchCORSConfiguration'],
  ['lifecycle', 404, 'NoSuchLifecycleConfiguration'],
  ['tagging', 404, 'NoSuchTagSet'],
  ['website', 404, 'NoSuchWebsiteConfiguration'],
  ['encryption', 404, 'ServerSideEncryptionConfigurationNotFoundError'],
  ['object-lock', 404, 'ObjectLockConfigurationNotFoundError'],
  ['replication', 404, 'ReplicationConfigurationNotFoundError'],
  ['publicAccessBlock', 404, 'NoSuchPublicAccessBlockConfiguration'],
  ['ownershipControls', 404, 'OwnershipControlsNotFoundError'],
  ['analytics&id=x', 404, 'NoSuchConfiguration'],
  ['id=x&inventory', 404, 'NoSuchConfiguration'],
])('an untouched bucket answers ?%s with %i %s', async (query, status, code) => {
  const answer = await sendSigned(gateway, { method: 'GET', target: `/bkt?${query}` })
  expect([answer.status, answer.code]).toEqual([status, code])
})

test.each([
  ['versioning', /<VersioningConfiguration [^>]*><\/VersioningConfiguration>/],
  ['acl', /<Owner><ID>(\w{64})<\/ID>.*<Grantee [^>]*xsi:type="CanonicalUser"><ID>\1<\/ID>.*<Permission>FULL_CONTROL</],
  ['policyStatus', /<IsPublic>false<\/IsPublic>/],
  ['logging', /<BucketLoggingStatus [^>]*><\/BucketLoggingStatus>/],
  ['notification', /<NotificationConfiguration [^>]*><\/NotificationConfiguration>/],
  ['accelerate', /<AccelerateConfiguration [^>]*><\/AccelerateConfiguration>/],
  ['requestPayment', /<Payer>BucketOwner<\/Payer>/],
  ['analytics', /<IsTruncated>false<\/IsTruncated>/],
  ['inventory', /<IsTruncated>false<\/IsTruncated>/],
  ['metrics', /<IsTruncated>false<\/IsTruncated>/],
  ['intelligent-tiering', /<IsTruncated>false<\/IsTruncated>/],
])('an untouched bucket answers ?%s with 200', async (query, content) => {
  const answer = await sendSigned(gateway, { method: 'GET', target: `/bkt?${query}` })
  expect(answer.status).toBe(200)
  expect(answer.text).toMatch(content)
})

test('an untouched object has an owner, no tags, and neither lock nor hold', async () => {
  const get = (query: string) => sendSigned(gateway, { method: 'GET', target: `/bkt/key?${query}` })
  expect((await get('acl')).text).toContain('<Permission>FULL_CONTROL</Permission>')
  expect((await get('tagging')).text).toContain('<TagSet></TagSet>')
  expect((await get('retention')).code).toBe('InvalidRequest')
  expect((await get('legal-hold')).code).toBe('InvalidRequest')
  expect((await sendSigned(gateway, { method: 'GET', target: '/bkt/missing?acl' })).code).toBe('NoSuchKey')
})

const notImplemented = OPERATIONS.filter(({ needs }) => needs === 'not-implemented')

test.each(notImplemented.map((row): [string, (typeof notImplemented)[number]] => [row.name, row]))(
  '%s answers 501 as S3 XML and does nothing else',
  async (_name, { method, on, query }) => {
    const target = `${on === 'bucket' ? '/bkt' : '/bkt/key'}${query === undefined ? '' : `?${query[0]}`}`
    const answer = await sendSigned(gateway, { method, target, body: method === 'GET' ? '' : '<x/>' })
    expect([answer.status, answer.code, answer.headers['content-type']]).toEqual([
      501,
      'NotImplemented',
      'application/xml',
    ])
  },
)

test('ignores unknown query parameters, and answers 405 for a method that a target does not know', async () => {
  expect((await sendSigned(gateway, { method: 'GET', target: '/bkt/key?x-id=GetObject' })).text).toBe('x')
  expect((await sendSigned(gateway, { method: 'PATCH', target: '/bkt/key' })).code).toBe('MethodNotAllowed')
  expect((await sendSigned(gateway, { method: 'POST', target: '/bkt/key' })).code).toBe('MethodNotAllowed')
})

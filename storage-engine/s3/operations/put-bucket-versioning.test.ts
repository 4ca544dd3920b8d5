import { expect, test } from 'vitest'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { findBucket } from '#storage-engine/metadata/buckets.ts'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'

const { gateway, send } = await openTestGateway()
await send('PUT', '/bkt')

const put = (content: string, { target = '/bkt?versioning', headers = {} } = {}) =>
  sendSigned(gateway, {
    method: 'PUT',
    target,
    headers,
    body: `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</VersioningConfiguration>`,
  })
const get = () => sendSigned(gateway, { method: 'GET', target: '/bkt?versioning' })

test('enables and suspends versioning, as the next read shows', async () => {
  for (const status of ['Enabled', 'Suspended', 'Suspended', 'Enabled']) {
    expect((await put(`<Status>${status}</Status>`)).status).toBe(200)
    expect((await get()).text).toContain(`<Status>${status}</Status>`)
  }
})

test.each([
  ['<Status>Disabled</Status>', 'MalformedXML'],
  ['<Status>enabled</Status>', 'MalformedXML'],
  ['<Status/>', 'MalformedXML'],
  ['<State>Enabled</State>', 'MalformedXML'],
  ['', 'IllegalVersioningConfigurationException'],
  ['<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>', 'NotImplemented'],
  ['<Status>Enabled</Status><MfaDelete>maybe</MfaDelete>', 'MalformedXML'],
])('answers %s with %s', async (content, code) => {
  expect((await put(content)).code).toBe(code)
})

test('refuses the MFA header, which it could not honour, and a bucket that is not there', async () => {
  expect((await put('<Status>Enabled</Status>', { headers: { 'x-amz-mfa': 'serial 123456' } })).code).toBe(
    'NotImplemented',
  )
  expect((await put('<Status>Enabled</Status>', { target: '/missing?versioning' })).code).toBe('NoSuchBucket')
})

test('does not suspend a bucket with object lock', async () => {
  const { db } = gateway.engine
  await sendSigned(gateway, { method: 'PUT', target: '/locked' })
  await put('<Status>Enabled</Status>', { target: '/locked?versioning' })
  const bucket = await findBucket(db, { name: 'locked' })
  await setBucketSetting(db, { bucketId: bucket?.id as string, name: 'objectLock', value: {} })
  const suspended = await put('<Status>Suspended</Status>', { target: '/locked?versioning' })
  expect([suspended.status, suspended.code]).toEqual([409, 'InvalidBucketState'])
  expect((await put('<Status>Enabled</Status>', { target: '/locked?versioning' })).status).toBe(200)
})

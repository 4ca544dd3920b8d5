import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt', { headers: { 'x-amz-bucket-object-lock-enabled': 'true' } })
await send('PUT', '/open')
await send('PUT', '/open/key')

const YEAR = new Date().getUTCFullYear()
const retention = (mode: string, year: number | string) =>
  `<Retention><Mode>${mode}</Mode><RetainUntilDate>${year}-01-01T00:00:00Z</RetainUntilDate></Retention>`

/** Bypasses governance when `bypass` is true. */
function put(target: string, body: string, bypass = false): ReturnType<typeof send> {
  const digest = { 'content-md5': referenceMd5(body).toString('base64') }
  const headers = bypass ? { ...digest, 'x-amz-bypass-governance-retention': 'true' } : digest
  return send('PUT', `${target}${target.includes('?') ? '&' : '?'}retention`, { body, headers })
}

const write = async (key: string) => (await send('PUT', `/bkt/${key}`)).headers['x-amz-version-id'] as string
const get = (key: string) => send('GET', `/bkt/${key}?retention`)

test('PutObjectRetention locks a version: it cannot be deleted, nor the lock made shorter, but by bypass', async () => {
  const versionId = await write('governed')
  const answer = await put('/bkt/governed', retention('GOVERNANCE', YEAR + 3))
  expect([answer.status, answer.headers['x-amz-version-id']]).toEqual([200, versionId])
  expect((await get('governed')).text).toContain(`<RetainUntilDate>${YEAR + 3}-01-01T00:00:00.000Z</RetainUntilDate>`)
  expect((await send('DELETE', `/bkt/governed?versionId=${versionId}`)).code).toBe('AccessDenied')
  expect((await put('/bkt/governed', retention('GOVERNANCE', YEAR + 2))).code).toBe('AccessDenied')
  expect((await put('/bkt/governed', retention('COMPLIANCE', YEAR + 3))).code).toBe('AccessDenied')
  expect((await put('/bkt/governed', '<Retention/>')).code).toBe('AccessDenied')
  expect((await put('/bkt/governed', retention('GOVERNANCE', YEAR + 4))).status).toBe(200)
  expect((await put('/bkt/governed', retention('GOVERNANCE', YEAR + 2), true)).status).toBe(200)
  expect((await put('/bkt/governed', '<Retention/>', true)).status).toBe(200)
  expect((await get('governed')).code).toBe('NoSuchObjectLockConfiguration')
  expect((await send('DELETE', `/bkt/governed?versionId=${versionId}`)).status).toBe(204)
})

test('PutObjectRetention in compliance mode holds against bypass, and can only be made longer', async () => {
  const versionId = await write('compliant')
  expect((await put('/bkt/compliant', retention('COMPLIANCE', YEAR + 3))).status).toBe(200)
  for (const body of [
    retention('COMPLIANCE', YEAR + 2),
    retention('GOVERNANCE', YEAR + 3),
    '<Retention></Retention>',
  ]) {
    expect((await put('/bkt/compliant', body, true)).code).toBe('AccessDenied')
  }
  const headers = { 'x-amz-bypass-governance-retention': 'true' }
  expect((await send('DELETE', `/bkt/compliant?versionId=${versionId}`, { headers })).code).toBe('AccessDenied')
  expect((await put('/bkt/compliant', retention('COMPLIANCE', YEAR + 4))).status).toBe(200)
})

test('PutObjectRetention locks the version that is named', async () => {
  const older = await write('twice')
  await write('twice')
  expect((await put(`/bkt/twice?versionId=${older}`, retention('GOVERNANCE', YEAR + 2))).status).toBe(200)
  expect((await send('GET', `/bkt/twice?retention&versionId=${older}`)).status).toBe(200)
  expect((await get('twice')).code).toBe('NoSuchObjectLockConfiguration')
})

test.each([
  ['/open/key', retention('GOVERNANCE', YEAR + 2), 400, 'InvalidRequest'],
  ['/bkt/bad', retention('governance', YEAR + 2), 400, 'MalformedXML'],
  ['/bkt/bad', retention('GOVERNANCE', 'soon'), 400, 'MalformedXML'],
  ['/bkt/bad', '<Retention><Mode>GOVERNANCE</Mode></Retention>', 400, 'MalformedXML'],
  ['/bkt/bad', '<Other/>', 400, 'MalformedXML'],
  ['/bkt/bad', retention('GOVERNANCE', 2020), 400, 'InvalidArgument'],
  ['/bkt/missing', retention('GOVERNANCE', YEAR + 2), 404, 'NoSuchKey'],
])('PutObjectRetention of %s refuses %s with %i %s', async (target, body, status, code) => {
  await write('bad')
  const answer = await put(target, body)
  expect([answer.status, answer.code]).toEqual([status, code])
})

test('PutObjectRetention wants to be told a digest of the document', async () => {
  await write('undigested')
  const body = retention('GOVERNANCE', YEAR + 2)
  expect((await send('PUT', '/bkt/undigested?retention', { body })).code).toBe('InvalidRequest')
})

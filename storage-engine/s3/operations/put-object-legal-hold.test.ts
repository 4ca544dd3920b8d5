import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt', { headers: { 'x-amz-bucket-object-lock-enabled': 'true' } })
await send('PUT', '/open')
await send('PUT', '/open/key')

function put(target: string, body: string): ReturnType<typeof send> {
  const headers = { 'content-md5': referenceMd5(body).toString('base64') }
  return send('PUT', `${target}?legal-hold`, { body, headers })
}
const hold = (status: string) => `<LegalHold><Status>${status}</Status></LegalHold>`

test('PutObjectLegalHold keeps a version until it is taken off, whoever may bypass governance', async () => {
  const versionId = (await send('PUT', '/bkt/key')).headers['x-amz-version-id']
  const answer = await put('/bkt/key', hold('ON'))
  expect([answer.status, answer.headers['x-amz-version-id']]).toEqual([200, versionId])
  expect((await send('HEAD', '/bkt/key')).headers['x-amz-object-lock-legal-hold']).toBe('ON')
  const headers = { 'x-amz-bypass-governance-retention': 'true' }
  expect((await send('DELETE', `/bkt/key?versionId=${versionId}`, { headers })).code).toBe('AccessDenied')
  expect((await put('/bkt/key', hold('OFF'))).status).toBe(200)
  expect((await send('DELETE', `/bkt/key?versionId=${versionId}`)).status).toBe(204)
})

test.each([
  ['/open/key', hold('ON'), 400, 'InvalidRequest'],
  ['/bkt/bad', hold('abc'), 400, 'MalformedXML'],
  ['/bkt/bad', '<LegalHold/>', 400, 'MalformedXML'],
  ['/bkt/missing', hold('ON'), 404, 'NoSuchKey'],
])('PutObjectLegalHold of %s refuses %s with %i %s', async (target, body, status, code) => {
  await send('PUT', '/bkt/bad')
  const answer = await put(target, body)
  expect([answer.status, answer.code]).toEqual([status, code])
})

test('PutObjectLegalHold wants to be told a digest of the document', async () => {
  expect((await send('PUT', '/bkt/bad?legal-hold', { body: hold('ON') })).code).toBe('InvalidRequest')
})

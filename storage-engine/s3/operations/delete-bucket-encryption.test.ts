import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await send('PUT', '/bkt')
})

afterAll(() => gateway.stop())

/** In a namespace that does not seal by itself. */
const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, as: 'neighbour', ...input })

const SEALED = 'x-amz-server-side-encryption'
const BODY =
  '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>'

test('DeleteBucketEncryption leaves what is sealed sealed, and later writes to the namespace', async () => {
  await send('PUT', '/bkt?encryption', { body: BODY })
  await send('PUT', '/bkt/before', { body: 'x' })
  expect((await send('DELETE', '/bkt?encryption')).status).toBe(204)
  expect((await send('GET', '/bkt?encryption')).code).toBe('ServerSideEncryptionConfigurationNotFoundError')
  expect((await send('GET', '/bkt/before')).headers[SEALED]).toBe('AES256')
  expect((await send('PUT', '/bkt/after', { body: 'x' })).headers[SEALED]).toBeUndefined()
})

test('DeleteBucketEncryption answers 204 where there is nothing to delete', async () => {
  expect((await send('DELETE', '/bkt?encryption')).status).toBe(204)
})

test('DeleteBucketEncryption is for whoever may configure the bucket, and needs one', async () => {
  await send('PUT', '/bkt?encryption', { body: BODY })
  expect((await send('DELETE', '/bkt?encryption', { as: 'root' })).code).toBe('AccessDenied')
  expect((await send('DELETE', '/bkt?encryption', { as: null })).code).toBe('AccessDenied')
  expect((await send('GET', '/bkt?encryption')).status).toBe(200)
  expect((await send('DELETE', '/no-such-bucket?encryption')).code).toBe('NoSuchBucket')
})

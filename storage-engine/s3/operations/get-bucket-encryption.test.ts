import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('GetBucketEncryption answers 404 of a bucket without a configuration, though its namespace seals', async () => {
  const answer = await send('GET', '/bkt?encryption')
  expect(answer).toMatchObject({ status: 404, code: 'ServerSideEncryptionConfigurationNotFoundError' })
})

test('GetBucketEncryption gives back what was put', async () => {
  const rule =
    '<Rule><ApplyServerSideEncryptionByDefault><KMSMasterKeyID>alias/k</KMSMasterKeyID><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes><BucketKeyEnabled>true</BucketKeyEnabled></Rule>'
  const body = `<ServerSideEncryptionConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rule}</ServerSideEncryptionConfiguration>`
  await send('PUT', '/bkt?encryption', { body })
  const answer = await send('GET', '/bkt?encryption')
  expect(answer.status).toBe(200)
  expect(answer.text).toContain(rule)
})

test('GetBucketEncryption is for whoever may see the configuration, and needs a bucket', async () => {
  expect((await send('GET', '/bkt?encryption', { as: 'neighbour' })).code).toBe('AccessDenied')
  expect((await send('GET', '/bkt?encryption', { as: null })).code).toBe('AccessDenied')
  expect((await send('GET', '/no-such-bucket?encryption')).code).toBe('NoSuchBucket')
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { createNamedKey } from '#storage-engine/namespaces/named-keys.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await send('PUT', '/bkt')
  await createNamedKey(gateway.engine, { namespaceId: gateway.namespaceIds.globex, name: 'key-1' })
})

afterAll(() => gateway.stop())

/** In a namespace that does not seal by itself. */
const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, as: 'neighbour', ...input })

const SEALED = 'x-amz-server-side-encryption'

function configuration(byDefault: string, rest = ''): string {
  return `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>${byDefault}</ApplyServerSideEncryptionByDefault>${rest}</Rule></ServerSideEncryptionConfiguration>`
}

const S3 = configuration('<SSEAlgorithm>AES256</SSEAlgorithm>')
const KMS = configuration(
  '<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>key-1</KMSMasterKeyID>',
  '<BucketKeyEnabled>true</BucketKeyEnabled>',
)

test('PutBucketEncryption seals what comes later with AES256, and the answers say so', async () => {
  await send('PUT', '/bkt/before', { body: 'x' })
  expect((await send('PUT', '/bkt?encryption', { body: S3 })).status).toBe(200)
  expect((await send('PUT', '/bkt/after', { body: 'x' })).headers[SEALED]).toBe('AES256')
  expect((await send('GET', '/bkt/after')).headers[SEALED]).toBe('AES256')
  expect((await send('GET', '/bkt/before')).headers[SEALED]).toBeUndefined()
})

test('PutBucketEncryption seals with the named key on every write path that names none', async () => {
  await send('PUT', '/bkt?encryption', { body: KMS })
  const expected = {
    [SEALED]: 'aws:kms',
    [`${SEALED}-aws-kms-key-id`]: 'key-1',
    [`${SEALED}-bucket-key-enabled`]: 'true',
  }
  expect((await send('PUT', '/bkt/k', { body: 'hello' })).headers).toMatchObject(expected)
  const read = await send('GET', '/bkt/k')
  expect(read.headers).toMatchObject(expected)
  expect(read.text).toBe('hello')
  const copy = await send('PUT', '/bkt/copy', { headers: { 'x-amz-copy-source': '/bkt/k' } })
  expect(copy.headers).toMatchObject(expected)
  const opened = await send('POST', '/bkt/parts?uploads')
  expect(opened.headers).toMatchObject(expected)
  const uploadId = /<UploadId>(.*?)<\/UploadId>/.exec(opened.text)?.[1]
  const part = await send('PUT', `/bkt/parts?partNumber=1&uploadId=${uploadId}`, { body: 'part' })
  expect(part.headers).toMatchObject(expected)
  const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`
  expect((await send('POST', `/bkt/parts?uploadId=${uploadId}`, { body })).headers).toMatchObject(expected)
  expect((await send('GET', '/bkt/parts')).text).toBe('part')
})

test('a request that asks for itself outranks PutBucketEncryption', async () => {
  await send('PUT', '/bkt?encryption', { body: KMS })
  const { headers } = await send('PUT', '/bkt/k', { body: 'x', headers: { [SEALED]: 'AES256' } })
  expect(headers[SEALED]).toBe('AES256')
  expect(headers[`${SEALED}-aws-kms-key-id`]).toBeUndefined()
})

test('PutBucketEncryption takes a key that does not exist; writes then fail closed until it does', async () => {
  await send('PUT', '/bkt?encryption', { body: KMS.replace('key-1', 'key-2') })
  expect((await send('PUT', '/bkt/closed', { body: 'x' })).code).toBe('KMS.NotFoundException')
  expect((await send('GET', '/bkt/closed')).status).toBe(404)
  await createNamedKey(gateway.engine, { namespaceId: gateway.namespaceIds.globex, name: 'key-2' })
  expect((await send('PUT', '/bkt/closed', { body: 'x' })).status).toBe(200)
})

test('PutBucketEncryption blocks SSE-C where it is told to', async () => {
  const blocked =
    '<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes><BucketKeyEnabled>false</BucketKeyEnabled>'
  const only = `<ServerSideEncryptionConfiguration><Rule>${blocked}</Rule></ServerSideEncryptionConfiguration>`
  const headers = {
    [`${SEALED}-customer-algorithm`]: 'AES256',
    [`${SEALED}-customer-key`]: 'pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=',
    [`${SEALED}-customer-key-md5`]: 'DWygnHRtgiJ77HCm+1rvHw==',
  }
  for (const body of [configuration('<SSEAlgorithm>AES256</SSEAlgorithm>', blocked), only]) {
    await send('PUT', '/bkt?encryption', { body })
    expect((await send('PUT', '/bkt/c', { body: 'x', headers })).code).toBe('AccessDenied')
  }
  await send('PUT', '/bkt?encryption', { body: only.replace('SSE-C', 'NONE') })
  expect((await send('PUT', '/bkt/c', { body: 'x', headers })).status).toBe(200)
})

test.each([
  ['', 'MalformedXML'],
  ['<ServerSideEncryptionConfiguration/>', 'MalformedXML'],
  ['<ServerSideEncryptionConfiguration><Rule/></ServerSideEncryptionConfiguration>', 'MalformedXML'],
  [S3.replace('</Rule>', '</Rule><Rule/>'), 'MalformedXML'],
  [configuration(''), 'MalformedXML'],
  [configuration('<SSEAlgorithm>ROT13</SSEAlgorithm>'), 'MalformedXML'],
  [configuration('<SSEAlgorithm>AES256</SSEAlgorithm><Other/>'), 'MalformedXML'],
  [configuration('<SSEAlgorithm>AES256</SSEAlgorithm>', '<BucketKeyEnabled>yes</BucketKeyEnabled>'), 'MalformedXML'],
  [
    configuration(
      '<SSEAlgorithm>AES256</SSEAlgorithm>',
      '<BlockedEncryptionTypes><EncryptionType>SSE-X</EncryptionType></BlockedEncryptionTypes>',
    ),
    'MalformedXML',
  ],
  [configuration('<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>'), 'InvalidArgument'],
  [configuration('<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>a b</KMSMasterKeyID>'), 'InvalidArgument'],
  [configuration('<SSEAlgorithm>aws:kms:dsse</SSEAlgorithm>'), 'NotImplemented'],
])('PutBucketEncryption refuses %s with %s and changes nothing', async (body, code) => {
  await send('PUT', '/bkt?encryption', { body: S3 })
  expect((await send('PUT', '/bkt?encryption', { body })).code).toBe(code)
  expect((await send('GET', '/bkt?encryption')).text).toContain('<SSEAlgorithm>AES256</SSEAlgorithm>')
})

test('PutBucketEncryption is for whoever may configure the bucket, and needs one', async () => {
  expect((await send('PUT', '/bkt?encryption', { body: S3, as: 'user' })).code).toBe('AccessDenied')
  expect((await send('PUT', '/bkt?encryption', { body: S3, as: null })).code).toBe('AccessDenied')
  expect((await send('PUT', '/no-such-bucket?encryption', { body: S3 })).code).toBe('NoSuchBucket')
})

import { createHash, randomBytes } from 'node:crypto'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSdkClient } from '#storage-engine/testing/s3-client.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
})

afterAll(() => gateway.stop())

test('serves the AWS SDK with its default settings from bucket to bucket', async () => {
  const client = createSdkClient(gateway, 'user')
  await client.send(new CreateBucketCommand({ Bucket: 'first-light' }))
  const { Buckets } = await client.send(new ListBucketsCommand({}))
  expect(Buckets?.map(({ Name }) => Name)).toEqual(['first-light'])
  for (const size of [0, 1, 65_535, 65_536, 65_537, 3_000_000]) {
    const content = randomBytes(size)
    const key = `dir/${size} bytes + ünï.bin`
    const put = await client.send(
      new PutObjectCommand({ Bucket: 'first-light', Key: key, Body: content, Metadata: { a: 'b' } }),
    )
    expect(put.ETag).toBe(`"${createHash('md5').update(content).digest('hex')}"`)
    expect(put.ServerSideEncryption).toBe('AES256')
    const got = await client.send(new GetObjectCommand({ Bucket: 'first-light', Key: key }))
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? [])).toEqual(content)
    expect(got.Metadata).toEqual({ a: 'b' })
    const head = await client.send(new HeadObjectCommand({ Bucket: 'first-light', Key: key }))
    expect(head.ContentLength).toBe(size)
    await client.send(
      new CopyObjectCommand({
        Bucket: 'first-light',
        Key: `copy-${size}`,
        CopySource: `first-light/${encodeURIComponent(key)}`,
      }),
    )
  }
  const listed = await client.send(new ListObjectsV2Command({ Bucket: 'first-light', Delimiter: '/' }))
  expect(listed.CommonPrefixes).toEqual([{ Prefix: 'dir/' }])
  expect(listed.KeyCount).toBe(7)
  const all = await client.send(new ListObjectsV2Command({ Bucket: 'first-light' }))
  for (const { Key } of all.Contents ?? []) await client.send(new DeleteObjectCommand({ Bucket: 'first-light', Key }))
  await client.send(new DeleteBucketCommand({ Bucket: 'first-light' }))
})

// The AWS SDK for JavaScript with a command line: settings come from the environment, nothing else is configured.
import { createReadStream, createWriteStream } from 'node:fs'
import { createRequire } from 'node:module'
import { pipeline } from 'node:stream/promises'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { runAction, syncDown, syncUp } from './command-line.mjs'

const client = new S3Client()

const upload = (bucket, key, file) =>
  new Upload({ client, params: { Bucket: bucket, Key: key, Body: createReadStream(file) } }).done()

async function download(bucket, key, file) {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
  await pipeline(Body, createWriteStream(file))
}

async function listKeys(bucket, prefix) {
  const keys = []
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
    for (const item of page.Contents ?? []) keys.push(item.Key)
  }
  return keys
}

async function removeAll(bucket, prefix) {
  const keys = await listKeys(bucket, prefix)
  for (let start = 0; start < keys.length; start += 1000) {
    const Objects = keys.slice(start, start + 1000).map((Key) => ({ Key }))
    const { Errors } = await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }))
    if (Errors?.length) throw new Error(JSON.stringify(Errors))
  }
}

await runAction({
  version: () => console.log(createRequire(import.meta.url)('@aws-sdk/client-s3/package.json').version),
  'make-bucket': (Bucket) => client.send(new CreateBucketCommand({ Bucket })),
  upload,
  download,
  'sync-up': (bucket, prefix, directory) =>
    syncUp({ directory, prefix, upload: (key, file) => upload(bucket, key, file) }),
  'sync-down': async (bucket, prefix, directory) =>
    syncDown({
      directory,
      prefix,
      keys: await listKeys(bucket, prefix),
      download: (key, file) => download(bucket, key, file),
    }),
  list: async (bucket, prefix) => console.log((await listKeys(bucket, prefix)).join('\n')),
  remove: (Bucket, Key) => client.send(new DeleteObjectCommand({ Bucket, Key })),
  'remove-all': removeAll,
  'remove-bucket': (Bucket) => client.send(new DeleteBucketCommand({ Bucket })),
  'presign-get': async (Bucket, Key) => console.log(await getSignedUrl(client, new GetObjectCommand({ Bucket, Key }))),
  'presign-put': async (Bucket, Key) => console.log(await getSignedUrl(client, new PutObjectCommand({ Bucket, Key }))),
})

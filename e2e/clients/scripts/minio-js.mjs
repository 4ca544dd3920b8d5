// minio-js with a command line: settings come from the environment, nothing else is configured.
import { createRequire } from 'node:module'
import { Client } from 'minio'
import { runAction, syncDown, syncUp } from './command-line.mjs'

const { hostname, port } = new URL(process.env.AWS_ENDPOINT_URL)
const client = new Client({
  endPoint: hostname,
  port: Number(port),
  useSSL: true,
  pathStyle: process.env.S3_ADDRESSING !== 'virtual',
  accessKey: process.env.AWS_ACCESS_KEY_ID,
  secretKey: process.env.AWS_SECRET_ACCESS_KEY,
})

async function listKeys(bucket, prefix) {
  const keys = []
  for await (const item of client.listObjectsV2(bucket, prefix, true)) keys.push(item.name)
  return keys
}

await runAction({
  version: () => console.log(createRequire(import.meta.url)('minio/package.json').version),
  'make-bucket': (bucket) => client.makeBucket(bucket),
  upload: (bucket, key, file) => client.fPutObject(bucket, key, file),
  download: (bucket, key, file) => client.fGetObject(bucket, key, file),
  'sync-up': (bucket, prefix, directory) =>
    syncUp({ directory, prefix, upload: (key, file) => client.fPutObject(bucket, key, file) }),
  'sync-down': async (bucket, prefix, directory) =>
    syncDown({
      directory,
      prefix,
      keys: await listKeys(bucket, prefix),
      download: (key, file) => client.fGetObject(bucket, key, file),
    }),
  list: async (bucket, prefix) => console.log((await listKeys(bucket, prefix)).join('\n')),
  remove: (bucket, key) => client.removeObject(bucket, key),
  'remove-all': async (bucket, prefix) => client.removeObjects(bucket, await listKeys(bucket, prefix)),
  'remove-bucket': (bucket) => client.removeBucket(bucket),
  'presign-get': async (bucket, key) => console.log(await client.presignedGetObject(bucket, key)),
  'presign-put': async (bucket, key) => console.log(await client.presignedPutObject(bucket, key)),
})

import { fileURLToPath } from 'node:url'
import { writeAwsConfig } from '#e2e/clients/aws-config.ts'
import { type Client, type ClientCommands, countLines, type Site } from '#e2e/clients/client.ts'
import { installNodeClients, installPythonClients } from '#e2e/clients/install.ts'

/** Libraries have no command line, so a script beside this file gives each the same small one. */
export const boto3: Client = {
  name: 'boto3',
  async prepare(site) {
    const python = `${await installPythonClients(site.cacheDir)}/python`
    return scriptCommands([python, fileURLToPath(new URL('./scripts/boto3-client.py', import.meta.url))], {
      site,
      config: await writeAwsConfig(site),
    })
  },
}

export const awsSdkJs: Client = {
  name: 'AWS SDK JS v3',
  async prepare(site) {
    return scriptCommands([process.execPath, await installNodeClients(site.cacheDir, 'aws-sdk-js.mjs')], {
      site,
      config: await writeAwsConfig(site),
    })
  },
}

export const minioJs: Client = {
  name: 'minio-js',
  async prepare(site) {
    return scriptCommands([process.execPath, await installNodeClients(site.cacheDir, 'minio-js.mjs')], {
      site,
      config: await writeAwsConfig(site),
    })
  },
}

function scriptCommands(script: string[], { site, config }: { site: Site; config: string }): ClientCommands {
  const env = {
    AWS_ACCESS_KEY_ID: site.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: site.credentials.secretAccessKey,
    AWS_REGION: site.credentials.region,
    AWS_DEFAULT_REGION: site.credentials.region,
    AWS_ENDPOINT_URL: site.endpoint,
    AWS_CA_BUNDLE: site.caFile,
    NODE_EXTRA_CA_CERTS: site.caFile,
    AWS_CONFIG_FILE: config,
    ...(site.addressing !== undefined && { S3_ADDRESSING: site.addressing }),
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const run = (...words: string[]) => ({ argv: [...script, ...words], env })
  return {
    version: run('version'),
    makeBucket: (bucket) => run('make-bucket', bucket),
    upload: ({ bucket, key, file }) => run('upload', bucket, key, file),
    download: ({ bucket, key, file }) => run('download', bucket, key, file),
    syncUp: ({ bucket, prefix, directory }) => run('sync-up', bucket, prefix, directory),
    syncDown: ({ bucket, prefix, directory }) => run('sync-down', bucket, prefix, directory),
    list: ({ bucket, prefix }) => run('list', bucket, prefix),
    countListed: countLines,
    remove: ({ bucket, key }) => run('remove', bucket, key),
    removeAll: ({ bucket, prefix }) => run('remove-all', bucket, prefix),
    removeBucket: (bucket) => run('remove-bucket', bucket),
    presign: {
      GET: ({ bucket, key }) => run('presign-get', bucket, key),
      PUT: ({ bucket, key }) => run('presign-put', bucket, key),
    },
  }
}

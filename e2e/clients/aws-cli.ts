import { writeAwsConfig } from '#e2e/clients/aws-config.ts'
import { type Client, type ClientCommands, countLines, type Site } from '#e2e/clients/client.ts'
import { installNodeClients, installPythonClients, unpackAwsCli } from '#e2e/clients/install.ts'

export const awsCliV2: Client = {
  name: 'aws-cli v2',
  async prepare(site) {
    await installNodeClients(site.cacheDir)
    return awsCommands(await unpackAwsCli(site.cacheDir), { site, config: await writeAwsConfig(site) })
  },
}

export const awsCliV1: Client = {
  name: 'aws-cli v1',
  async prepare(site) {
    return awsCommands(`${await installPythonClients(site.cacheDir)}/aws`, { site, config: await writeAwsConfig(site) })
  },
}

function awsCommands(aws: string, { site, config }: { site: Site; config: string }): ClientCommands {
  const env = {
    AWS_ACCESS_KEY_ID: site.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: site.credentials.secretAccessKey,
    AWS_DEFAULT_REGION: site.credentials.region,
    AWS_ENDPOINT_URL: site.endpoint,
    AWS_CA_BUNDLE: site.caFile,
    AWS_CONFIG_FILE: config,
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
  }
  const s3 = (...words: string[]) => ({ argv: [aws, 's3', ...words], env })
  return {
    version: { argv: [aws, '--version'] },
    makeBucket: (bucket) => s3('mb', `s3://${bucket}`),
    upload: ({ bucket, key, file }) => s3('cp', '--no-progress', file, `s3://${bucket}/${key}`),
    download: ({ bucket, key, file }) => s3('cp', '--no-progress', `s3://${bucket}/${key}`, file),
    syncUp: ({ bucket, prefix, directory }) => s3('sync', '--no-progress', directory, `s3://${bucket}/${prefix}`),
    syncDown: ({ bucket, prefix, directory }) => s3('sync', '--no-progress', `s3://${bucket}/${prefix}`, directory),
    list: ({ bucket, prefix }) => s3('ls', '--recursive', `s3://${bucket}/${prefix}`),
    countListed: countLines,
    remove: ({ bucket, key }) => s3('rm', `s3://${bucket}/${key}`),
    removeAll: ({ bucket, prefix }) => s3('rm', '--recursive', '--only-show-errors', `s3://${bucket}/${prefix}`),
    removeBucket: (bucket) => s3('rb', `s3://${bucket}`),
    presign: { GET: ({ bucket, key }) => s3('presign', `s3://${bucket}/${key}`) },
  }
}

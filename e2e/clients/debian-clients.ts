import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Client, type ClientCommands, countLines, type Site } from '#e2e/clients/client.ts'
import { debianCommand } from '#e2e/clients/install.ts'

export const rclone: Client = {
  name: 'rclone',
  async prepare(site) {
    const binary = await debianCommand('rclone', site.cacheDir)
    const env = {
      RCLONE_CONFIG: join(site.workDir, 'rclone.conf'),
      RCLONE_CONFIG_S_TYPE: 's3',
      RCLONE_CONFIG_S_PROVIDER: 'Other',
      RCLONE_CONFIG_S_ENDPOINT: site.endpoint,
      RCLONE_CONFIG_S_ACCESS_KEY_ID: site.credentials.accessKeyId,
      RCLONE_CONFIG_S_SECRET_ACCESS_KEY: site.credentials.secretAccessKey,
      RCLONE_CA_CERT: site.caFile,
      RCLONE_CONFIG_S_FORCE_PATH_STYLE: String(site.addressing === undefined),
    }
    await writeFile(env.RCLONE_CONFIG, '')
    const run = (...words: string[]) => ({ argv: [binary, ...words], env })
    return {
      version: { argv: [binary, '--version'] },
      makeBucket: (bucket) => run('mkdir', `s:${bucket}`),
      upload: ({ bucket, key, file }) => run('copyto', file, `s:${bucket}/${key}`),
      download: ({ bucket, key, file }) => run('copyto', `s:${bucket}/${key}`, file),
      syncUp: ({ bucket, prefix, directory }) => run('sync', directory, `s:${bucket}/${prefix}`),
      syncDown: ({ bucket, prefix, directory }) => run('sync', `s:${bucket}/${prefix}`, directory),
      list: ({ bucket, prefix }) => run('lsf', '-R', '--files-only', `s:${bucket}/${prefix}`),
      countListed: countLines,
      remove: ({ bucket, key }) => run('deletefile', `s:${bucket}/${key}`),
      removeAll: ({ bucket, prefix }) => run('purge', `s:${bucket}/${prefix}`),
      removeBucket: (bucket) => run('rmdir', `s:${bucket}`),
      presign: { GET: ({ bucket, key }) => run('link', `s:${bucket}/${key}`) },
    }
  },
}

export const s3cmd: Client = {
  name: 's3cmd',
  prepare: (site) => prepareS3cmd(site, []),
}

export const s3cmdSigV2: Client = {
  name: 's3cmd --signature-v2',
  prepare: (site) => prepareS3cmd(site, ['--signature-v2']),
}

async function prepareS3cmd(site: Site, options: string[]): Promise<ClientCommands> {
  const binary = await debianCommand('s3cmd', site.cacheDir)
  const host = new URL(site.endpoint).host
  const config = join(site.workDir, 's3cfg')
  await writeFile(
    config,
    [
      '[default]',
      `access_key = ${site.credentials.accessKeyId}`,
      `secret_key = ${site.credentials.secretAccessKey}`,
      `host_base = ${host}`,
      `host_bucket = ${site.addressing === undefined ? host : `%(bucket)s.${host}`}`,
      `ca_certs_file = ${site.caFile}`,
      '',
    ].join('\n'),
  )
  const run = (...words: string[]) => ({ argv: [binary, '-c', config, '--no-progress', ...options, ...words] })
  return {
    version: { argv: [binary, '--version'] },
    makeBucket: (bucket) => run('mb', `s3://${bucket}`),
    upload: ({ bucket, key, file }) => run('put', file, `s3://${bucket}/${key}`),
    download: ({ bucket, key, file }) => run('get', '--force', `s3://${bucket}/${key}`, file),
    syncUp: ({ bucket, prefix, directory }) => run('sync', `${directory}/`, `s3://${bucket}/${prefix}`),
    syncDown: ({ bucket, prefix, directory }) => run('sync', `s3://${bucket}/${prefix}`, `${directory}/`),
    list: ({ bucket, prefix }) => run('ls', '-r', `s3://${bucket}/${prefix}`),
    countListed: countLines,
    remove: ({ bucket, key }) => run('rm', `s3://${bucket}/${key}`),
    removeAll: ({ bucket, prefix }) => run('rm', '-r', '-f', '-q', `s3://${bucket}/${prefix}`),
    removeBucket: (bucket) => run('rb', `s3://${bucket}`),
  }
}

/** A backup program: each key is the tag of a snapshot, and the bucket holds nothing but its repository. */
export const restic: Client = {
  name: 'restic',
  async prepare(site) {
    const binary = await debianCommand('restic', site.cacheDir)
    const env = (bucket: string) => ({
      AWS_ACCESS_KEY_ID: site.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: site.credentials.secretAccessKey,
      RESTIC_REPOSITORY: `s3:${site.endpoint}/${bucket}`,
      RESTIC_PASSWORD: 'correct horse battery staple',
      RESTIC_CACHE_DIR: join(site.workDir, 'restic-cache'),
    })
    const lookup = site.addressing === undefined ? [] : ['-o', 's3.bucket-lookup=dns']
    const run = (bucket: string, ...words: string[]) => ({
      argv: [binary, '--cacert', site.caFile, '--quiet', ...lookup, ...words],
      env: env(bucket),
    })
    const source = new Map<string, string>()
    const backup = (bucket: string, tag: string, path: string) => {
      source.set(tag, path)
      return run(bucket, 'backup', '--tag', tag, path)
    }
    return {
      version: { argv: [binary, 'version'] },
      makeBucket: (bucket) => run(bucket, 'init'),
      upload: ({ bucket, key, file }) => backup(bucket, key, file),
      download: ({ bucket, key, file }) => ({
        ...run(bucket, 'dump', '--tag', key, 'latest', source.get(key) ?? ''),
        outputFile: file,
      }),
      syncUp: ({ bucket, prefix, directory }) => backup(bucket, prefix, directory),
      syncDown: ({ bucket, prefix, directory }) =>
        run(bucket, 'restore', 'latest', '--tag', prefix, '--target', directory),
      syncedRoot: (roots) => join(roots.directory, roots.source),
      list: ({ bucket, prefix }) => run(bucket, 'ls', 'latest', '--tag', prefix, '--recursive'),
      countListed: (output) => output.split('\n').filter((line) => line.endsWith('.bin')).length,
      remove: ({ bucket, key }) => run(bucket, 'forget', '--tag', key, '--keep-tag', 'none', '--prune'),
      removeAll: ({ bucket }) => run(bucket, 'check', '--read-data'),
    }
  },
}

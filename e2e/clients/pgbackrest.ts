import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Client, Command } from '#e2e/clients/client.ts'
import { debianCommand } from '#e2e/clients/install.ts'

const TREE = fileURLToPath(new URL('./scripts/pgbackrest-tree.mjs', import.meta.url))

/** A backup program of Postgres, by the commands with which it keeps the files of its repository. */
export const pgbackrest: Client = {
  name: 'pgbackrest',
  async prepare(site) {
    const binary = await debianCommand('pgbackrest', site.cacheDir)
    const config = join(site.workDir, 'pgbackrest.conf')
    await writeFile(config, '')
    const { hostname, port } = new URL(site.endpoint)
    // It compares the names of a certificate, and no addresses.
    const host = hostname === '127.0.0.1' ? 'localhost' : hostname
    const env = (bucket: string) => ({
      PGBACKREST_CONFIG: config,
      PGBACKREST_LOG_LEVEL_FILE: 'off',
      PGBACKREST_REPO1_TYPE: 's3',
      PGBACKREST_REPO1_PATH: '/',
      PGBACKREST_REPO1_S3_ENDPOINT: host,
      PGBACKREST_REPO1_S3_BUCKET: bucket,
      PGBACKREST_REPO1_S3_REGION: site.credentials.region,
      PGBACKREST_REPO1_S3_URI_STYLE: site.addressing === undefined ? 'path' : 'host',
      PGBACKREST_REPO1_S3_KEY: site.credentials.accessKeyId,
      PGBACKREST_REPO1_S3_KEY_SECRET: site.credentials.secretAccessKey,
      PGBACKREST_REPO1_STORAGE_PORT: port,
      PGBACKREST_REPO1_STORAGE_CA_FILE: site.caFile,
    })
    const run = (bucket: string, ...words: string[]): Command => ({ argv: [binary, ...words], env: env(bucket) })
    const runTree = (bucket: string, ...words: string[]): Command => ({
      argv: [process.execPath, TREE, binary, ...words],
      env: env(bucket),
    })
    return {
      version: { argv: [binary, 'version'] },
      makeBucket: (bucket) => run(bucket, 'repo-create'),
      upload: ({ bucket, key, file }) => ({
        argv: ['sh', '-c', 'exec "$0" repo-put "$1" < "$2"', binary, key, file],
        env: env(bucket),
      }),
      download: ({ bucket, key, file }) => ({ ...run(bucket, 'repo-get', key), outputFile: file }),
      syncUp: ({ bucket, prefix, directory }) => runTree(bucket, 'put', withoutSlash(prefix), directory),
      syncDown: ({ bucket, prefix, directory }) => runTree(bucket, 'get', withoutSlash(prefix), directory),
      list: ({ bucket, prefix }) => run(bucket, 'repo-ls', '--recurse', '--output=json', withoutSlash(prefix)),
      countListed: countFiles,
      remove: ({ bucket, key }) => run(bucket, 'repo-rm', key),
      removeAll: ({ bucket, prefix }) => run(bucket, 'repo-rm', '--recurse', withoutSlash(prefix)),
    }
  },
}

/** Of a prefix that stands for a directory. */
const withoutSlash = (prefix: string) => prefix.replace(/\/$/, '')

/** Of what `repo-ls` prints as JSON: an entry a path. */
function countFiles(output: string): number {
  const entries = Object.values(JSON.parse(output) as Record<string, { type: string }>)
  return entries.filter(({ type }) => type === 'file').length
}

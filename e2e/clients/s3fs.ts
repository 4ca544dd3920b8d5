import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Client, ClientUnavailable, countLines, type Site } from '#e2e/clients/client.ts'
import { debianCommand } from '#e2e/clients/install.ts'
import { runCommand } from '#e2e/clients/run-command.ts'

const MOUNTED = fileURLToPath(new URL('./scripts/with-s3fs.sh', import.meta.url))

/** A bucket as a file system: every action is what cp, find and rm do in it. */
export const s3fs: Client = {
  name: 's3fs',
  async prepare(site) {
    const binary = await debianCommand('s3fs', site.cacheDir)
    await expectMounting()
    const mount = join(site.workDir, 'mount')
    await mkdir(mount, { recursive: true })
    const run = (bucket: string, argv: string[], options: string[] = []) => ({
      argv: [...OWN_MOUNTS, 'sh', MOUNTED, ...argv],
      env: {
        S3FS: [binary, ...optionsOf(site), ...options].join(' '),
        S3FS_BUCKET: bucket,
        S3FS_MOUNT: mount,
        AWS_ACCESS_KEY_ID: site.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: site.credentials.secretAccessKey,
        CURL_CA_BUNDLE: site.caFile,
      },
    })
    const copyTree = ['sh', '-c', 'mkdir -p "$1" && cp -r "$0/." "$1"']
    return {
      version: { argv: [binary, '--version'] },
      makeBucket: (bucket) => run(bucket, ['true'], ['-o', 'createbucket']),
      upload: ({ bucket, key, file }) => run(bucket, ['install', '-D', '-m', '644', file, join(mount, key)]),
      download: ({ bucket, key, file }) => run(bucket, ['cp', join(mount, key), file]),
      syncUp: ({ bucket, prefix, directory }) => run(bucket, [...copyTree, directory, join(mount, prefix)]),
      syncDown: ({ bucket, prefix, directory }) => run(bucket, [...copyTree, join(mount, prefix), directory]),
      list: ({ bucket, prefix }) => run(bucket, ['find', join(mount, prefix), '-type', 'f']),
      countListed: countLines,
      remove: ({ bucket, key }) => run(bucket, ['rm', join(mount, key)]),
      removeAll: ({ bucket, prefix }) => run(bucket, ['rm', '-r', '-f', join(mount, prefix)]),
    }
  },
}

/** Mounts of its own, which go with it: a normal user has the right to them in a namespace of its own too. */
const OWN_MOUNTS = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--map-root-user']), '--mount']

function optionsOf({ endpoint, addressing }: Site): string[] {
  return ['-o', `url=${endpoint}`, ...(addressing === undefined ? ['-o', 'use_path_request_style'] : [])]
}

async function expectMounting(): Promise<void> {
  const test = ': < /dev/fuse && mount -t tmpfs none /mnt'
  await runCommand({ argv: [...OWN_MOUNTS, 'sh', '-c', test] }).catch((cause) => {
    throw new ClientUnavailable('s3fs needs /dev/fuse and the right to mount', { cause })
  })
}

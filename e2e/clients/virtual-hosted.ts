import { lookup } from 'node:dns/promises'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Client, type ClientCommands, ClientUnavailable, type Command } from '#e2e/clients/client.ts'
import { runCommand } from '#e2e/clients/run-command.ts'

/** Of a client, for names of buckets and of folders. */
export function slugOf(client: { name: string }): string {
  return client.name.toLowerCase().replace(/\W+/g, '-')
}

/** The same client with the bucket in the host's name: `bucket.s3.<region>.localhost`. */
export function virtualHosted(client: Client): Client {
  const name = `${client.name}, virtual-hosted`
  return {
    name,
    async prepare(site) {
      const host = `s3.${site.credentials.region}.localhost`
      const wrap = await resolving([host, `clients-${slugOf({ name })}.${host}`], site.workDir)
      const endpoint = site.endpoint.replace('127.0.0.1', host)
      return mapCommands(await client.prepare({ ...site, endpoint, addressing: 'virtual' }), wrap)
    },
  }
}

type Wrap = (command: Command) => Command

/**
 * Makes commands find `names` at this machine: as they are where the system resolves names below localhost, else with a
 * hosts file of their own, which takes the right to mount. Throws ClientUnavailable where neither works.
 */
async function resolving(names: string[], workDir: string): Promise<Wrap> {
  const found = await Promise.allSettled(names.map((name) => lookup(name)))
  if (found.every(({ status }) => status === 'fulfilled')) return (command) => command
  const hosts = join(workDir, 'hosts')
  await writeFile(hosts, `127.0.0.1 localhost ${names.join(' ')}\n`)
  const mount = 'mount --bind "$0" /etc/hosts && exec "$@"'
  const wrap: Wrap = (command) => ({
    ...command,
    argv: ['unshare', '--mount', 'sh', '-c', mount, hosts, ...command.argv],
  })
  await runCommand(wrap({ argv: ['true'] })).catch((cause) => {
    throw new ClientUnavailable(`let *.${names[0]} resolve to 127.0.0.1 to include it`, { cause })
  })
  return wrap
}

function mapCommands(commands: ClientCommands, wrap: Wrap): ClientCommands {
  const { removeBucket, presign = {} } = commands
  const { GET, PUT } = presign
  return {
    ...commands,
    version: wrap(commands.version),
    makeBucket: (bucket) => wrap(commands.makeBucket(bucket)),
    upload: (input) => wrap(commands.upload(input)),
    download: (input) => wrap(commands.download(input)),
    syncUp: (input) => wrap(commands.syncUp(input)),
    syncDown: (input) => wrap(commands.syncDown(input)),
    list: (input) => wrap(commands.list(input)),
    remove: (input) => wrap(commands.remove(input)),
    removeAll: (input) => wrap(commands.removeAll(input)),
    ...(removeBucket && { removeBucket: (bucket) => wrap(removeBucket(bucket)) }),
    // curl resolves names below localhost by itself.
    presign: { ...(GET && { GET: (object) => wrap(GET(object)) }), ...(PUT && { PUT: (object) => wrap(PUT(object)) }) },
  }
}

import { issueAccessKey } from '#storage-engine/accounts/issue-access-key.ts'
import type { Config } from '#storage-engine/config.ts'
import { StartupError } from '#storage-engine/errors.ts'
import type { Logger } from '#storage-engine/log.ts'
import { getRootObjectUser } from '#storage-engine/metadata/accounts.ts'
import { findNamespaceByName } from '#storage-engine/metadata/namespaces.ts'
import { authorityFileOf } from '#storage-engine/supervisor/certificate.ts'
import { localAddressOf } from '#storage-engine/supervisor/terminal.ts'
import { withInstallation } from '#storage-engine/with-installation.ts'

/** What an S3 client needs to reach this installation as the root object user of a namespace. */
export interface ClientEnv {
  endpoint: string
  region: string
  accessKeyId: string
  secretAccessKey: string
  /** The CA file to trust; null when the certificate comes from a known authority. */
  ca: string | null
}

/** Issues a fresh access key against the running installation. Throws StartupError when there is none, or no such namespace. */
export function createClientEnv(config: Config, input: { namespace: string; log: Logger }): Promise<ClientEnv> {
  return withInstallation(config, input.log, async (engine) => {
    const namespace = await findNamespaceByName(engine.db, { name: input.namespace })
    if (namespace === null) throw new StartupError(`There is no namespace ${input.namespace}.`)
    const rootUser = await getRootObjectUser(engine.db, { namespaceId: namespace.id })
    const key = await issueAccessKey(engine, { namespaceId: namespace.id, objectUserId: rootUser.id })
    return {
      endpoint: localAddressOf(config, config.s3Port),
      region: config.region,
      ...key,
      ca: authorityFileOf(config),
    }
  })
}

/** Lines for `eval` in a shell. */
export function formatClientEnv({ endpoint, region, accessKeyId, secretAccessKey, ca }: ClientEnv): string {
  const variables: [name: string, value: string | null][] = [
    ['AWS_ACCESS_KEY_ID', accessKeyId],
    ['AWS_SECRET_ACCESS_KEY', secretAccessKey],
    ['AWS_REGION', region],
    ['AWS_DEFAULT_REGION', region],
    ['AWS_ENDPOINT_URL', endpoint],
    ['AWS_CA_BUNDLE', ca],
    ['NODE_EXTRA_CA_CERTS', ca],
  ]
  const present = variables.filter((variable): variable is [string, string] => variable[1] !== null)
  return present.map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`).join('')
}

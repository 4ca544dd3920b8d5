import type { BlobStore } from '#storage-engine/blobs/blob-store.ts'
import { openPool } from '#storage-engine/blobs/pool/open-pool.ts'
import type { Config } from '#storage-engine/config.ts'
import { checkCanary, createCanary } from '#storage-engine/crypto/canary.ts'
import { createEnvRootProvider } from '#storage-engine/crypto/env-root-provider.ts'
import { openFileKeystore } from '#storage-engine/crypto/file-keystore.ts'
import { openFileRootProvider } from '#storage-engine/crypto/file-root-provider.ts'
import { createKeyring, type Keyring } from '#storage-engine/crypto/keyring.ts'
import type { Keystore } from '#storage-engine/crypto/keystore.ts'
import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { StartupError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import type { Logger } from '#storage-engine/log.ts'
import { closeDatabase, type Database, openDatabase } from '#storage-engine/metadata/database.ts'
import { hasBlobs } from '#storage-engine/metadata/garbage.ts'
import { findInstallation, type Installation, insertInstallation } from '#storage-engine/metadata/installation.ts'
import { hasShredTokens, loadNamespaceKeys } from '#storage-engine/metadata/namespace-keys.ts'

/** What every process builds once and every door is handed: the waist of the house. */
export interface Engine {
  config: Config
  log: Logger
  /** Who this installation is; bound into every sealed byte. */
  clusterId: string
  db: Database
  keyring: Keyring
  /** For whoever rotates, retires and shows root keys; everybody else asks the keyring. */
  rootProvider: RootProvider
  /** For whoever rewrites and destroys shred tokens; everybody else asks the keyring. */
  keystore: Keystore
  blobs: BlobStore
  /** Waits for writes under way, then lets go of files and connections. */
  close(): Promise<void>
}

export interface CreateEngineInput {
  log: Logger
  /** Only the supervisor founds an installation: root key, cluster id, node identities. */
  role: 'supervisor' | 'gateway' | 'jobs' | 'console' | 'cli'
}

/**
 * Opens database, keys and nodes, in this order; the schema is migrated already. Throws StartupError with one line that
 * says what to do: no database, wrong root key, missing or foreign node directory.
 */
export async function createEngine(config: Config, { log, role }: CreateEngineInput): Promise<Engine> {
  const db = await openDatabase({ connection: { connectionString: databaseUrlOf(config) } })
  try {
    const mayFound = role === 'supervisor'
    const keys = await openKeys(config, { db, mayFound })
    const blobs = await openPool({
      nodes: config.nodes,
      redundancy: config.redundancy,
      clusterId: keys.clusterId,
      log,
      smallObjectBytes: config.smallObjectBytes,
      // Once a blob was stored, a directory without our identity is a drive that is not mounted.
      initialize: mayFound && !(await hasBlobs(db)),
    })
    const close = async () => {
      await blobs.close()
      keys.keyring.forgetKeys()
      await closeDatabase(db)
    }
    return { config, log, db, ...keys, blobs, close }
  } catch (error) {
    await closeDatabase(db)
    throw error
  }
}

function databaseUrlOf(config: Config): string {
  if (config.databaseUrl !== null) return config.databaseUrl
  throw new StartupError('No database: start the whole service with `sceau serve`, or set DATABASE_URL.')
}

type Keys = Pick<Engine, 'clusterId' | 'keyring' | 'rootProvider' | 'keystore'>

async function openKeys(config: Config, input: { db: Database; mayFound: boolean }): Promise<Keys> {
  const { db, mayFound } = input
  const found = await findInstallation(db)
  if (found === null && !mayFound) {
    throw new StartupError('This database holds no installation yet: run `sceau serve` once, which founds it.')
  }
  const rootProvider = await openRootProvider(config, { isInstallationEmpty: found === null })
  const installation = found ?? (await foundInstallation(db, rootProvider))
  const { clusterId, keyCanary } = installation
  if (await checkCanary(rootProvider, { clusterId, record: keyCanary })) {
    return openKeyring(config, { db, rootProvider, clusterId, mayFound })
  }
  const source =
    config.rootProvider === 'file' ? `The root key in ${config.rootKeyFile}` : 'The root key in SCEAU_ROOT_KEY'
  throw new StartupError(
    `${source} is not the one that sealed this installation. Put the right key back; nothing was changed.`,
  )
}

function openRootProvider(
  config: Config,
  input: { isInstallationEmpty: boolean },
): Promise<RootProvider> | RootProvider {
  return config.rootProvider === 'file'
    ? openFileRootProvider({ path: config.rootKeyFile, ...input })
    : createEnvRootProvider({ value: process.env['SCEAU_ROOT_KEY'] })
}

async function openKeyring(
  config: Config,
  input: { db: Database; rootProvider: RootProvider; clusterId: string; mayFound: boolean },
): Promise<Keys> {
  const { db, rootProvider, clusterId, mayFound } = input
  const keystore = await openFileKeystore({
    directory: config.keystoreDir,
    clusterId,
    mayCreate: mayFound && !(await hasShredTokens(db)),
  })
  const keyring = createKeyring({
    clusterId,
    rootProvider,
    keystore,
    loadNamespaceKeys: (namespaceId) => loadNamespaceKeys(db, { namespaceId }),
  })
  return { clusterId, keyring, rootProvider, keystore }
}

async function foundInstallation(db: Database, rootProvider: RootProvider): Promise<Installation> {
  const clusterId = newId()
  const keyCanary = await createCanary(rootProvider, { clusterId })
  await insertInstallation(db, { clusterId, keyCanary })
  // Another supervisor may have been first: what is stored counts.
  return (await findInstallation(db)) as Installation
}

import type { PurgeableBlobStore } from '#storage-engine/blobs/blob-purge.ts'
import { openPool } from '#storage-engine/blobs/pool/open-pool.ts'
import type { Config } from '#storage-engine/config.ts'
import { checkCanary, createCanary } from '#storage-engine/crypto/canary.ts'
import { openFileKeystore } from '#storage-engine/crypto/file-keystore.ts'
import { createKeyring, type Keyring } from '#storage-engine/crypto/keyring.ts'
import type { Keystore } from '#storage-engine/crypto/keystore.ts'
import { createProvenRootProvider } from '#storage-engine/crypto/proven-root-provider.ts'
import { createRootHealth, type FindRootHealth } from '#storage-engine/crypto/root-health.ts'
import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { StartupError, StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import type { Logger } from '#storage-engine/log.ts'
import { closeDatabase, type Database, openDatabase } from '#storage-engine/metadata/database.ts'
import { hasBlobs } from '#storage-engine/metadata/garbage.ts'
import { findInstallation, type Installation, insertInstallation } from '#storage-engine/metadata/installation.ts'
import { hasShredTokens, loadNamespaceKeys } from '#storage-engine/metadata/namespace-keys.ts'
import { openRootProvider } from '#storage-engine/open-root-provider.ts'

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
  findRootHealth: FindRootHealth
  /** For whoever rewrites and destroys shred tokens; everybody else asks the keyring. */
  keystore: Keystore
  blobs: PurgeableBlobStore
  /** Waits for writes under way, then lets go of files and connections. */
  close(): Promise<void>
}

export interface CreateEngineInput {
  log: Logger
  /** Only the supervisor founds an installation: root key, cluster id, node identities. */
  role: 'supervisor' | 'gateway' | 'jobs' | 'console' | 'cli'
  /** Milliseconds, by which kept keys age; for tests. */
  keyClock?: () => number
}

/**
 * Opens database, keys and nodes, in this order; the schema is migrated already. Throws StartupError with one line that
 * says what to do: no database, wrong root key, missing or foreign node directory.
 */
export async function createEngine(config: Config, { log, role, keyClock }: CreateEngineInput): Promise<Engine> {
  const db = await openDatabase({ connection: { connectionString: databaseUrlOf(config) } })
  try {
    const mayFound = role === 'supervisor'
    const keys = await openKeys(config, { db, log, mayFound, keyClock })
    const blobs = await openPool({
      nodes: config.nodes,
      redundancy: config.redundancy,
      clusterId: keys.clusterId,
      log,
      smallObjectBytes: config.smallObjectBytes,
      nodeFullPercent: config.nodeFullPercent,
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

type Keys = Pick<Engine, 'clusterId' | 'keyring' | 'rootProvider' | 'findRootHealth' | 'keystore'>

interface OpenKeysInput {
  db: Database
  log: Logger
  mayFound: boolean
  keyClock: (() => number) | undefined
}

async function openKeys(config: Config, input: OpenKeysInput): Promise<Keys> {
  const { db, log, mayFound } = input
  const found = await findInstallation(db)
  if (found === null && !mayFound) {
    throw new StartupError('This database holds no installation yet: run `sceau serve` once, which founds it.')
  }
  const unproven = await openRootProvider(config, { isInstallationEmpty: found === null })
  const { clusterId } = found ?? (await foundInstallation(db, unproven))
  const prove = () => hasRightKey(unproven, { db, clusterId })
  const isProven = await refuseWrongKey(unproven, { log, prove })
  const rootProvider = isProven ? unproven : createProvenRootProvider(unproven, prove)
  return openKeyring(config, { ...input, rootProvider, clusterId })
}

/** The canary is read anew each time: a rotation wraps it again. */
async function hasRightKey(
  provider: RootProvider,
  { db, clusterId }: { db: Database; clusterId: string },
): Promise<boolean> {
  const { keyCanary } = (await findInstallation(db)) as Installation
  return checkCanary(provider, { clusterId, record: keyCanary })
}

/**
 * A wrong root key ends the start. A provider that is down does not (false): namespaces that are not encrypted need none
 * of it, the others answer 503 until it is back and shows the right key.
 */
async function refuseWrongKey(
  { location }: RootProvider,
  { log, prove }: { log: Logger; prove: () => Promise<boolean> },
): Promise<boolean> {
  try {
    if (await prove()) return true
  } catch (err) {
    if (!(err instanceof StorageError)) throw err
    log.error({ err }, 'the root provider does not answer: encrypted namespaces are out of reach until it does')
    return false
  }
  throw new StartupError(
    `The root key in ${location} is not the one that sealed this installation. Put the right key back; nothing was changed.`,
  )
}

async function openKeyring(
  config: Config,
  input: OpenKeysInput & { rootProvider: RootProvider; clusterId: string },
): Promise<Keys> {
  const { db, rootProvider, clusterId, mayFound, keyClock } = input
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
    ...(keyClock === undefined ? {} : { now: keyClock }),
  })
  return { clusterId, keyring, rootProvider, findRootHealth: createRootHealth(rootProvider), keystore }
}

async function foundInstallation(db: Database, rootProvider: RootProvider): Promise<Installation> {
  const clusterId = newId()
  const keyCanary = await createFirstCanary(rootProvider, clusterId)
  await insertInstallation(db, { clusterId, keyCanary })
  // Another supervisor may have been first: what is stored counts.
  return (await findInstallation(db)) as Installation
}

async function createFirstCanary(provider: RootProvider, clusterId: string): Promise<Buffer> {
  try {
    return await createCanary(provider, { clusterId })
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    const reason = error.cause instanceof Error ? error.cause.message : error.message
    throw new StartupError(
      `The root provider at ${provider.location} cannot be used, so nothing was founded: ${reason}`,
      {
        cause: error,
      },
    )
  }
}

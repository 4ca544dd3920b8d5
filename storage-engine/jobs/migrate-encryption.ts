import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { convertNamespace } from '#storage-engine/jobs/convert-namespace.ts'
import { Pace } from '#storage-engine/jobs/pace.ts'
import {
  type EncryptionMigration,
  endMigration,
  findMigrationOrders,
  listActiveMigrations,
  noteMigration,
} from '#storage-engine/metadata/encryption-migrations.ts'
import { getNamespace } from '#storage-engine/metadata/namespaces.ts'
import { MigrationHalted } from '#storage-engine/metadata/swap-blobs.ts'
import type { Notice } from '#storage-engine/notice.ts'

/** Namespaces at a time; the others wait for their turn. */
const MIGRATIONS_AT_ONCE = 2
/** How soon a person's order takes effect, and how often the measured rate is written down. */
const ORDERS_INTERVAL_MS = 1_000
/** After what stopped a migration and may pass by itself: keys out of reach, a full disk, no database. */
const RETRY_MS = 5_000

/** Whether a run would find anything: asked often, so it costs one small query. */
export async function hasMigrations({ db }: Engine): Promise<boolean> {
  return (await listActiveMigrations(db, { limit: 1 })).length > 0
}

/**
 * Converts what namespaces store to what their switches say, and goes on until there is nothing left to convert. All that is
 * done is written down in the transactions that do it, so whoever takes over after a crash goes on where this run was.
 */
export async function migrateEncryption(engine: Engine, { signal }: { signal: AbortSignal }): Promise<string> {
  const underWay = new Map<string, Promise<void>>()
  let count = 0
  while (!signal.aborted) {
    for (const migration of await listActiveMigrations(engine.db, { limit: MIGRATIONS_AT_ONCE })) {
      if (underWay.has(migration.id) || underWay.size >= MIGRATIONS_AT_ONCE) continue
      count++
      underWay.set(
        migration.id,
        migrate(engine, migration, signal).finally(() => underWay.delete(migration.id)),
      )
    }
    if (underWay.size === 0) break
    await Promise.race([...underWay.values(), sleep(ORDERS_INTERVAL_MS)])
  }
  await Promise.all(underWay.values())
  return `${count} times went on with a migration of encryption`
}

/** Never rejects: what stops one migration is no concern of the others. */
async function migrate(engine: Engine, migration: EncryptionMigration, signal: AbortSignal): Promise<void> {
  const halting = new AbortController()
  const halted = AbortSignal.any([signal, halting.signal])
  const pace = new Pace({ limit: migration.rateLimit, signal: halted })
  const timer = setInterval(() => void obey(engine, migration, { pace, halting }), ORDERS_INTERVAL_MS)
  try {
    await perform(engine, migration, { pace, signal: halted })
  } catch (error) {
    if (!halted.aborted && !(error instanceof MigrationHalted)) await explain(engine, migration, error, halted)
  } finally {
    clearInterval(timer)
  }
}

async function perform(
  engine: Engine,
  migration: EncryptionMigration,
  work: { pace: Pace; signal: AbortSignal },
): Promise<void> {
  const { id, namespaceId } = migration
  const { shredState } = await getNamespace(engine.db, { id: namespaceId })
  if (shredState === null) return convertNamespace(engine, migration, work)
  await endMigration(engine.db, { id, state: 'failed', notice: { code: 'namespace-shredded', values: {} } })
}

/** Does what people ordered meanwhile. */
async function obey(
  engine: Engine,
  { id }: EncryptionMigration,
  { pace, halting }: { pace: Pace; halting: AbortController },
): Promise<void> {
  try {
    const orders = await findMigrationOrders(engine.db, { id })
    if (orders?.state !== 'running' && orders?.state !== 'cleaning') return halting.abort()
    pace.limit = orders.rateLimit
    await noteMigration(engine.db, { id, bytesPerSecond: pace.bytesPerSecond() })
  } catch (error) {
    // Without the database nothing can be converted either, and that says so.
    engine.log.warn({ err: error, migrationId: id }, 'orders for a migration could not be read')
  }
}

async function explain(
  engine: Engine,
  { id }: EncryptionMigration,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  engine.log.error({ err: error, migrationId: id }, 'migration of encryption stopped, and will be tried again')
  const text = error instanceof Error ? error.message : String(error)
  const values = { error: error instanceof StorageError ? error.code : 'InternalError', text }
  const notice: Notice = { code: 'interrupted', values }
  await noteMigration(engine.db, { id, notice, bytesPerSecond: null }).catch((cause: unknown) => {
    engine.log.warn({ err: cause, migrationId: id }, 'the reason could not be written down')
  })
  await sleep(RETRY_MS, undefined, { signal }).catch(() => {})
}

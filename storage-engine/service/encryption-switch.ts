import { type Actor, requireAdministrator } from '#storage-engine/accounts/actor.ts'
import { audited } from '#storage-engine/accounts/audited.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import {
  changeMigration as changeRow,
  type EncryptionMigration,
  findLastMigration,
  insertMigration,
} from '#storage-engine/metadata/encryption-migrations.ts'
import {
  getNamespaceWithUsage,
  type Namespace,
  type NamespaceWithUsage,
  setEncryptionMode,
} from '#storage-engine/metadata/namespaces.ts'
import { readOpenUploadUsage } from '#storage-engine/metadata/usage.ts'
import { readNotice } from '#storage-engine/notice.ts'
import { encryptionStateOf, percentOf } from '#storage-engine/service/encryption-state.ts'
import { requireNamespace } from '#storage-engine/service/require-namespace.ts'

/** How a namespace is encrypted, and what is on its way: sums only, nothing of what tenants stored. Throws AccessDenied, NoSuchNamespace. */
export async function getNamespaceEncryption(engine: Engine, actor: Actor, { namespace }: { namespace: string }) {
  requireAdministrator(actor)
  return describe(engine, await requireNamespace(engine, namespace))
}

export interface SetEncryptionRequest {
  /** Its name. */
  namespace: string
  mode: 'off' | 'on'
  /** Whether what is stored already is converted as well. */
  existing: 'leave' | 'convert'
  /** Bytes a second of that; null for no limit. */
  rateLimit: number | null
  confirm?: string | undefined
}

/**
 * Throws the switch for new data. Once it resolves with `on`, no write that is acknowledged later leaves plain bytes. What
 * was on its way for another mode ends. Turning off needs the namespace's exact name in `confirm`. Throws AccessDenied,
 * NoSuchNamespace, ConfirmationMismatch.
 */
export async function setNamespaceEncryption(engine: Engine, actor: Actor, request: SetEncryptionRequest) {
  requireAdministrator(actor)
  const namespace = await requireNamespace(engine, request.namespace)
  const { id: namespaceId, name } = namespace
  const { mode, existing, rateLimit } = request
  const details = {
    before: namespace.encryptionMode,
    after: mode,
    existing,
    ...(existing === 'convert' && { rateLimit }),
  }
  await audited(engine, actor, { namespaceId, action: 'namespace.set-encryption', target: name, details }, () =>
    engine.db.transaction(async (tx) => {
      const { before } = await setEncryptionMode(tx, { namespaceId, mode })
      details.before = before
      // Judged by what is turned off, which somebody may have turned on a moment ago.
      if (mode === 'off' && (before === 'on' || existing === 'convert') && request.confirm !== name)
        throw new StorageError('ConfirmationMismatch')
      if (existing === 'convert')
        await insertMigration(tx, { id: newId(), namespaceId, rateLimit, startedBy: actor.username })
    }),
  )
  return getNamespaceEncryption(engine, actor, { namespace: name })
}

export interface ChangeMigrationRequest {
  /** Its name. */
  namespace: string
  action: 'start' | 'pause' | 'resume' | 'cancel' | 'set-rate'
  /** Bytes a second; null for no limit. For `start` and `set-rate`. */
  rateLimit?: number | null | undefined
  confirm?: string | undefined
}

/**
 * Starts the conversion of what is stored to what the switch says, or tells the one under way what to do. Opening what is
 * sealed needs the namespace's exact name in `confirm`. Throws AccessDenied, NoSuchNamespace, ConfirmationMismatch,
 * MigrationStateMismatch.
 */
export async function changeMigration(engine: Engine, actor: Actor, request: ChangeMigrationRequest) {
  requireAdministrator(actor)
  const namespace = await requireNamespace(engine, request.namespace)
  const { id: namespaceId, name } = namespace
  const { action, rateLimit = null } = request
  const details = action === 'start' || action === 'set-rate' ? { rateLimit } : {}
  await audited(engine, actor, { namespaceId, action: `encryption.${action}`, target: name, details }, async () => {
    if (action !== 'start') return changeRow(engine.db, { namespaceId, act: action, rateLimit })
    return engine.db.transaction(async (tx) => {
      const id = newId()
      await insertMigration(tx, { id, namespaceId, rateLimit, startedBy: actor.username })
      const started = await findLastMigration(tx, { namespaceId })
      // Another one was under way already.
      if (started?.id !== id) throw new StorageError('MigrationStateMismatch')
      if (started.direction === 'decrypt' && request.confirm !== name) throw new StorageError('ConfirmationMismatch')
    })
  })
  return getNamespaceEncryption(engine, actor, { namespace: name })
}

async function describe(engine: Engine, { id: namespaceId, name, displayName, encryptionMode }: Namespace) {
  const migration = await findLastMigration(engine.db, { namespaceId })
  const namespace = await getNamespaceWithUsage(engine.db, { id: namespaceId })
  const openUploads = await readOpenUploadUsage(engine.db, { namespaceId })
  return {
    namespace: name,
    displayName,
    mode: encryptionMode,
    state: encryptionStateOf(namespace, migration),
    percent: percentOf(migration),
    coverage: { ...coverageOf(namespace), openUploads },
    migration: migration === null ? null : describeMigration(migration),
  }
}

function coverageOf({ coverage }: NamespaceWithUsage) {
  const { sealedCount: encryptedCount, plainCount, encryptedBytes, plainBytes } = coverage
  return { encryptedCount, encryptedBytes, plainCount, plainBytes }
}

function describeMigration(migration: EncryptionMigration) {
  const { id, direction, state, rateLimit, doneCount, doneBytes, bytesPerSecond, startedBy, message } = migration
  // Whoever wrote meanwhile may have left more to do than was counted.
  const totalBytes = Math.max(migration.totalBytes ?? 0, doneBytes)
  const leftBytes = totalBytes - doneBytes
  return {
    id,
    direction,
    state,
    rateLimit,
    doneCount,
    totalCount: Math.max(migration.totalCount ?? 0, doneCount),
    doneBytes,
    totalBytes,
    bytesPerSecond,
    etaSeconds: bytesPerSecond === null || bytesPerSecond === 0 ? null : Math.ceil(leftBytes / bytesPerSecond),
    startedBy,
    startedAt: migration.createdAt.toISOString(),
    updatedAt: migration.updatedAt.toISOString(),
    endedAt: migration.endedAt?.toISOString() ?? null,
    ...readNotice(message),
  }
}

import type { EncryptionMigration } from '#storage-engine/metadata/encryption-migrations.ts'
import type { NamespaceWithUsage } from '#storage-engine/metadata/namespaces.ts'

export type EncryptionState = 'off' | 'on-new-data-only' | 'encrypting' | 'on' | 'decrypting' | 'mixed'

const UNDER_WAY: readonly string[] = ['running', 'paused', 'cleaning']

/**
 * What is on its way, else what the blobs are, whatever the switch says; empty objects count too, by whether they were
 * sealed. `on` also says that nothing plain is left of what was deleted or replaced.
 */
export function encryptionStateOf(
  namespace: Pick<NamespaceWithUsage, 'encryptionMode' | 'coverage' | 'isPlainGone'>,
  migration: EncryptionMigration | null,
): EncryptionState {
  const { encryptionMode, coverage, isPlainGone } = namespace
  if (migration !== null && UNDER_WAY.includes(migration.state))
    return migration.direction === 'encrypt' ? 'encrypting' : 'decrypting'
  if (encryptionMode === 'on') return isPlainGone && coverage.plainCount === 0 ? 'on' : 'on-new-data-only'
  return coverage.sealedCount === 0 && coverage.encryptedBytes === 0 ? 'off' : 'mixed'
}

/** 0 to 100, rounded down, by bytes; null while nothing is on its way. 100 only stands for what has ended. */
export function percentOf(migration: EncryptionMigration | null): number | null {
  if (migration === null || !UNDER_WAY.includes(migration.state)) return null
  const { state, doneBytes, totalBytes, doneCount, totalCount } = migration
  if (state === 'cleaning') return 99
  const [done, total] = totalBytes ? [doneBytes, totalBytes] : [doneCount, totalCount ?? 0]
  return total === 0 ? 0 : Math.min(Math.floor((100 * done) / total), 99)
}

import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import type { Bucket } from '#storage-engine/metadata/known-buckets.ts'

export interface WriteTarget {
  encryptionMode: 'off' | 'on'
  encryptionEpoch: number
  /** Whether the namespace's keys are to be destroyed, or are. */
  isShredding: boolean
  versioning: Bucket['versioning']
}

/**
 * Writers share the namespace's row, and under steady load there is always one: the row alone could be waited for forever.
 * Table locks are granted in order of asking, so the writers of this moment finish and new ones wait for this transaction.
 */
export async function pauseWriters(tx: Queryable): Promise<void> {
  await tx.query({ name: 'pause-writers', text: 'lock table object_versions, parts in share mode', values: [] })
}

/** Lets whoever pauses the writers go first, if one waits already. First statement of a transaction that shares the namespace's row. */
export async function joinWriters(tx: Queryable): Promise<void> {
  await tx.query({ name: 'join-writers', text: 'lock table object_versions, parts in row exclusive mode', values: [] })
}

/**
 * First statement of every transaction that writes versions or parts row by row. Until its end no switch of encryption
 * (namespace FOR SHARE) and no DeleteBucket (bucket FOR KEY SHARE) can pass. The table locks, which writers share, are
 * taken here and not later, because a switch takes them before the namespace's row: same order, no deadlock.
 * Throws NoSuchBucket.
 */
export async function lockWriteTarget(
  tx: Queryable,
  { namespaceId, bucketId }: { namespaceId: string; bucketId: string },
): Promise<WriteTarget> {
  await joinWriters(tx)
  const [target] = await tx.query<WriteTarget>({
    name: 'lock-write-target',
    text: `
with namespace as materialized (select id, encryption_mode, encryption_epoch, shred_state from namespaces where id = $1 for share),
bucket as materialized (select id, namespace_id, versioning from buckets where id = $2 and namespace_id = $1 for key share)
select n.encryption_mode as "encryptionMode", n.encryption_epoch as "encryptionEpoch", n.shred_state is not null as "isShredding", b.versioning from namespace n join bucket b on b.namespace_id = n.id`,
    values: [namespaceId, bucketId],
  })
  if (!target) throw new StorageError('NoSuchBucket')
  return target
}

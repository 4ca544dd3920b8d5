import { StorageError } from '#storage-engine/errors.ts'
import { QUOTAS } from '#storage-engine/iam/limits.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { countIamEntities, type IamEntityKind } from '#storage-engine/metadata/iam-entities.ts'
import { listAttachedPolicies, listInlinePolicies, type PolicyHolder } from '#storage-engine/metadata/iam-policies.ts'

/** Throws LimitExceeded when one more of these would be too many. Within `changeIam`. */
export async function checkQuota(
  tx: Queryable,
  { namespaceId, kind }: { namespaceId: string; kind: IamEntityKind },
): Promise<void> {
  checkCount(await countIamEntities(tx, { kind, namespaceId }), QUOTAS[kind], kind)
}

/** Throws LimitExceeded when `count` has reached `max` already. */
export function checkCount(count: number, max: number, what: string): void {
  if (count < max) return
  throw new StorageError('LimitExceeded', { message: `Cannot exceed quota for ${what}: ${max}` })
}

/** Throws DeleteConflict while policies hang on somebody who is to be deleted. Within `changeIam`. */
export async function nothingLeft(tx: Queryable, holder: PolicyHolder): Promise<void> {
  if ((await listInlinePolicies(tx, { holder })).length > 0) {
    throw new StorageError('DeleteConflict', { message: 'Cannot delete entity, must delete policies first.' })
  }
  if ((await listAttachedPolicies(tx, { holder })).length > 0) {
    throw new StorageError('DeleteConflict', { message: 'Cannot delete entity, must detach all policies first.' })
  }
}

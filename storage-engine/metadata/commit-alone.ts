import { StorageError } from '#storage-engine/errors.ts'
import {
  type CommitAnswer,
  type CommitRow,
  commitStatement,
  readCommitAnswers,
} from '#storage-engine/metadata/commit-sql.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { type LockedKey, lockKeys } from '#storage-engine/metadata/key-locks.ts'

/** What must hold of the key's current version when the write takes effect. A delete marker counts as nothing. */
export interface Precondition {
  /** An etag without quotes that it must not have, or `*`: there must be none. */
  ifNoneMatch?: string
  /** The etag that it must have, or `*`: any. */
  ifMatch?: string
}

/** A key may come and go between our look and our write so often, then the caller hears of the conflict. */
const ATTEMPTS_MAX = 20

/**
 * Commits one row in a transaction that `lockWriteTarget` began, under the key's lock: for conditions, multipart objects and
 * whatever a batch found contested. Throws PreconditionFailed, NoSuchKey (If-Match on a missing key),
 * ConditionalRequestConflict, and without a condition ServiceUnavailable instead.
 */
export async function commitAlone(
  tx: Queryable,
  { row, precondition }: { row: CommitRow; precondition: Precondition | null },
): Promise<CommitAnswer> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const current = (await lockKeys(tx, { bucketId: row.bucketId, keys: [row.key] })).get(row.key) ?? null
    if (precondition) checkPrecondition(current, { key: row.key, precondition })
    // There is nothing to lock where no row is: two first writers of a key meet at the primary key, and of two that want
    // to be the first one is `kept`.
    const whenPresent = current !== null ? 'force' : precondition === null ? 'replace' : 'keep'
    const result = await tx.queryText(commitStatement([row], whenPresent))
    const answer = readCommitAnswers(result, { rows: [row], whenPresent })[0] as CommitAnswer
    if (answer.verdict !== 'kept' && answer.verdict !== 'contested') return answer
  }
  throw new StorageError(precondition === null ? 'ServiceUnavailable' : 'ConditionalRequestConflict')
}

function checkPrecondition(
  current: LockedKey | null,
  { key, precondition }: { key: string; precondition: Precondition },
): void {
  const { ifNoneMatch, ifMatch } = precondition
  const etag = current === null || current.isDeleteMarker ? null : current.etag
  if (ifNoneMatch !== undefined && etag !== null && (ifNoneMatch === '*' || ifNoneMatch === etag))
    throw new StorageError('PreconditionFailed', { extra: { Condition: 'If-None-Match' } })
  if (ifMatch === undefined) return
  if (etag === null) throw new StorageError('NoSuchKey', { extra: { Key: key } })
  if (ifMatch !== '*' && ifMatch !== etag)
    throw new StorageError('PreconditionFailed', { extra: { Condition: 'If-Match' } })
}

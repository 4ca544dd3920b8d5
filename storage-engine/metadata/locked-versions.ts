import type { Queryable } from '#storage-engine/metadata/database.ts'
import type { Notice } from '#storage-engine/notice.ts'

/** A version that nobody may destroy yet, by whatever means. */
export interface LockedVersion {
  bucketName: string
  /** When it is locked in COMPLIANCE mode; null when there is only a legal hold. */
  lockedUntil: string | null
}

/**
 * Null when no version of the namespace (that the named key seals, if one is given) is locked in COMPLIANCE mode or under a
 * legal hold; else one, the longest locked.
 */
export async function findLockedVersion(
  db: Queryable,
  { namespaceId, namedKeyId, now }: { namespaceId: string; namedKeyId: string | null; now: Date },
): Promise<LockedVersion | null> {
  const [locked] = await db.query<LockedVersion>({
    name: 'find-locked-version',
    text: `
select b.name as "bucketName", case when o.lock ->> 'mode' = 'COMPLIANCE' then o.lock ->> 'retainUntil' end as "lockedUntil"
from buckets b join object_versions o on o.bucket_id = b.id and o.lock is not null
where b.namespace_id = $1 and ((o.lock ->> 'mode' = 'COMPLIANCE' and (o.lock ->> 'retainUntil')::timestamptz > $3) or (o.lock ->> 'legalHold')::boolean)
  and ($2::text is null or o.settings -> 'encryption' ->> 'keyId' = $2)
order by 2 desc nulls last limit 1`,
    values: [namespaceId, namedKeyId, now],
  })
  return locked ?? null
}

export function noticeOfLock({ bucketName: bucket, lockedUntil: until }: LockedVersion): Notice {
  return until === null
    ? { code: 'legal-hold', values: { bucket } }
    : { code: 'locked-until', values: { bucket, until } }
}

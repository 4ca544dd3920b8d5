import { plainArray, textArray } from '#storage-engine/metadata/array-literal.ts'
import { countsOf, VERSION_FIELDS } from '#storage-engine/metadata/commit-sql.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { type DeleteCondition, isMet, type Judged } from '#storage-engine/metadata/delete-condition.ts'
import { insertRemovalEvent, type PendingEvents } from '#storage-engine/metadata/events.ts'
import { versionProbe } from '#storage-engine/metadata/found-objects.ts'
import { isUuid } from '#storage-engine/metadata/is-uuid.ts'
import { lockKeys } from '#storage-engine/metadata/key-locks.ts'
import { isLocked } from '#storage-engine/metadata/object-locks.ts'
import type { ObjectLock } from '#storage-engine/object-settings.ts'

export interface DeleteVersion {
  key: string
  /** As S3 shows it: a UUID or `null`. */
  versionId: string
  /** Whether the caller may delete what GOVERNANCE protects, and wants to. */
  mayBypassGovernance: boolean
  condition: DeleteCondition | null
  /** What somebody wants to hear of it. */
  events?: PendingEvents | null
}

export interface DeletedVersion {
  /** `missing`: there is no such version. `locked`: its retention or legal hold forbids it. */
  outcome: 'deleted' | 'missing' | 'locked' | 'condition-failed'
  wasDeleteMarker: boolean
}

/**
 * Removes versions for good, in one transaction; of a key that loses its current version the newest other one becomes
 * current. Answers in the order of `versions` (≤ 1,000 a call by the doors' limit), one that is named twice alike.
 */
export async function deleteVersions(
  db: Queryable,
  { bucketId, versions }: { bucketId: string; versions: DeleteVersion[] },
): Promise<DeletedVersion[]> {
  return db.transaction(async (tx) => {
    const keys = [...new Set(versions.map(({ key }) => key))].filter((key) => !key.includes('\0'))
    const locked = await lockKeys(tx, { bucketId, keys })
    const named = locked.size === 0 ? new Map<number, NamedVersion>() : await findNamed(tx, { bucketId, versions })
    const outcomes = versions.map((version, index) => judge(version, named.get(index) ?? null))
    const places = new Map<string, { key: string; order: string }>()
    outcomes.forEach(({ outcome }, index) => {
      const { order } = named.get(index) ?? { order: '' }
      const { key } = versions[index] as DeleteVersion
      if (outcome === 'deleted') places.set(`${order} ${key}`, { key, order })
    })
    if (places.size > 0) await removeVersions(tx, { bucketId, places: [...places.values()] })
    await noteRemovals(tx, { bucketId, removed: versions.filter((_, index) => outcomes[index]?.outcome === 'deleted') })
    return outcomes
  })
}

/** Once a version, also where it was named twice. */
async function noteRemovals(
  tx: Queryable,
  { bucketId, removed }: { bucketId: string; removed: DeleteVersion[] },
): Promise<void> {
  const noted = new Set<string>()
  for (const { key, versionId, events } of removed) {
    if (!events || noted.has(`${versionId} ${key}`)) continue
    noted.add(`${versionId} ${key}`)
    await insertRemovalEvent(tx, { bucketId, key, pending: events, versionId })
  }
}

interface NamedVersion extends Judged {
  /** A bigint. */
  order: string
  isDeleteMarker: boolean
  lock: ObjectLock | null
  /** Postgres' clock: no lock ends early because a gateway's runs fast. */
  now: Date
}

function judge({ mayBypassGovernance, condition }: DeleteVersion, version: NamedVersion | null): DeletedVersion {
  const wasDeleteMarker = version?.isDeleteMarker ?? false
  if (!isMet(condition, version)) return { outcome: 'condition-failed', wasDeleteMarker }
  if (version === null) return { outcome: 'missing', wasDeleteMarker }
  const isKept = isLocked(version.lock, { now: version.now, mayBypassGovernance })
  return { outcome: isKept ? 'locked' : 'deleted', wasDeleteMarker }
}

/** The versions that exist, by their index. Their keys are locked. */
async function findNamed(
  tx: Queryable,
  { bucketId, versions }: { bucketId: string; versions: DeleteVersion[] },
): Promise<Map<number, NamedVersion>> {
  const asked = versions.map(({ key, versionId }, index) => ({ key, versionId, index }))
  const possible = asked.filter(
    ({ key, versionId }) => !key.includes('\0') && (versionId === 'null' || isUuid(versionId)),
  )
  const ids = possible.map(({ versionId }) => (versionId === 'null' ? null : versionId))
  const rows = await tx.query<NamedVersion & { place: number }>({
    name: 'find-named-versions',
    text: `
select i.place, v.noncurrent_order::text as "order", v.noncurrent_order = 0 as "isCurrent", v.version_id as "versionId", v.is_delete_marker as "isDeleteMarker",
  v.etag, v.size::float8 as size, v.last_modified as "lastModified", v.lock, clock_timestamp() as now
from unnest($2::integer[], $3::text[], $4::uuid[]) as i (place, key, version_id) cross join lateral (
  ${versionProbe({ columns: 'o.*', bucketId: '$1' })}) v`,
    values: [
      bucketId,
      plainArray(possible.map(({ index }) => index)),
      textArray(possible.map(({ key }) => key)),
      plainArray(ids),
    ],
  })
  return new Map(rows.map((row) => [row.place, row]))
}

const FIELDS = VERSION_FIELDS.join(', ')

/** The current row of a key stays where it is and takes over what its heir was, so that the key's lock stays the same row. */
const REMOVE_TEXT = `
with removal as materialized (
  select * from unnest($2::text[], $3::bigint[]) as r (key, noncurrent_order)
), heirs as materialized (
  select r.key, h.noncurrent_order from removal r cross join lateral (
    select o.noncurrent_order from object_versions o where o.bucket_id = $1 and o.key = r.key and o.noncurrent_order > 0
      and (o.key, o.noncurrent_order) not in (select key, noncurrent_order from removal)
    order by o.noncurrent_order limit 1) h
  where r.noncurrent_order = 0
), removed as (
  delete from object_versions o using removal r
  where o.bucket_id = $1 and o.key = r.key and o.noncurrent_order = r.noncurrent_order
    and (r.noncurrent_order > 0 or r.key not in (select key from heirs))
  returning o.blob_id, o.upload_id, ${countsOf('o')}
), promoted as (
  delete from object_versions o using heirs h where o.bucket_id = $1 and o.key = h.key and o.noncurrent_order = h.noncurrent_order
  returning o.key, ${VERSION_FIELDS.map((field) => `o.${field}`).join(', ')}
), replaced as (
  update object_versions o set (${FIELDS}) = row (${VERSION_FIELDS.map((field) => `p.${field}`).join(', ')}) from promoted p
  where o.bucket_id = $1 and o.key = p.key and o.noncurrent_order = 0
  returning old.blob_id, old.upload_id, ${countsOf('old')}
), freed as materialized (
  select * from removed union all select * from replaced
), freed_blobs as (
  insert into garbage_blobs (blob_id) select blob_id from freed where blob_id is not null
), freed_uploads as (
  insert into garbage_uploads (upload_id) select upload_id from freed where upload_id is not null
)
insert into usage_deltas (bucket_id, object_count, size_bytes, sealed_count, sealed_bytes)
select $1, -coalesce(sum(o_count), 0), -coalesce(sum(o_size_bytes), 0), -coalesce(sum(o_sealed_count), 0), -coalesce(sum(o_sealed_bytes), 0) from freed`

async function removeVersions(
  tx: Queryable,
  { bucketId, places }: { bucketId: string; places: { key: string; order: string }[] },
): Promise<void> {
  await tx.query({
    name: 'remove-versions',
    text: REMOVE_TEXT,
    values: [bucketId, textArray(places.map(({ key }) => key)), plainArray(places.map(({ order }) => order))],
  })
}

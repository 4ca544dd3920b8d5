import { plainArray, textArray } from '#storage-engine/metadata/array-literal.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { insertEvent, type PendingEvents } from '#storage-engine/metadata/events.ts'
import { visibleVersionId } from '#storage-engine/metadata/found-objects.ts'
import { lockKeys } from '#storage-engine/metadata/key-locks.ts'
import type { Tag } from '#storage-engine/object-settings.ts'

/** A pass applies the rules of a bucket to each of its versions once. Due: never done, not ended, of other rules, or begun before $1. */
const IS_DUE = `(p.bucket_id is null or p.finished_at is null or p.as_of < $1 or p.rules_digest <> md5((b.settings -> 'lifecycle')::text))`
const DUE_BUCKETS = `from buckets b left join lifecycle_passes p on p.bucket_id = b.id where b.settings ? 'lifecycle' and ${IS_DUE}`

/** Whether any bucket's pass is due, those begun before `since` being over. */
export async function hasDueLifecycle(db: Queryable, { since }: { since: Date }): Promise<boolean> {
  const [answer] = await db.query<{ found: boolean }>({
    name: 'has-due-lifecycle',
    text: `select exists (select ${DUE_BUCKETS}) as found`,
    values: [since],
  })
  return answer?.found === true
}

export interface DueBucket {
  id: string
  name: string
}

/** Buckets whose pass is due, by id. */
export function listDueLifecycles(
  db: Queryable,
  { since, afterId, limit }: { since: Date; afterId: string; limit: number },
): Promise<DueBucket[]> {
  return db.query({
    name: 'list-due-lifecycles',
    text: `select b.id, b.name ${DUE_BUCKETS} and b.id > $2 order by b.id limit $3`,
    values: [since, afterId, limit],
  })
}

export interface LifecyclePass {
  /** The moment that the pass takes for now. */
  asOf: Date
  /** The last key that is done; '' before the first one. */
  key: string
}

/** Goes on with a bucket's pass where it was left, or begins one as of `asOf`; null when the bucket has no rules any more. */
export async function openLifecyclePass(
  db: Queryable,
  { bucketId, since, asOf }: { bucketId: string; since: Date; asOf: Date },
): Promise<LifecyclePass | null> {
  const [pass] = await db.query<LifecyclePass>({
    name: 'open-lifecycle-pass',
    text: `
with bucket as (select id, md5((settings -> 'lifecycle')::text) as digest from buckets where id = $2 and settings ? 'lifecycle')
insert into lifecycle_passes as p (bucket_id, rules_digest, as_of) select id, digest, $3 from bucket
on conflict (bucket_id) do update set
  rules_digest = excluded.rules_digest, finished_at = null,
  as_of = case when p.finished_at is null and p.as_of >= $1 and p.rules_digest = excluded.rules_digest then p.as_of else excluded.as_of end,
  key = case when p.finished_at is null and p.as_of >= $1 and p.rules_digest = excluded.rules_digest then p.key else '' end
returning as_of as "asOf", key`,
    values: [since, bucketId, asOf],
  })
  return pass ?? null
}

/** Remembers that a pass has done every version of the keys up to `key`; `isFinished`: of all keys. */
export async function saveLifecyclePass(
  db: Queryable,
  { bucketId, key, isFinished }: { bucketId: string; key: string; isFinished: boolean },
): Promise<void> {
  await db.query({
    name: 'save-lifecycle-pass',
    text: 'update lifecycle_passes set key = $2, finished_at = case when $3 then now() end where bucket_id = $1',
    values: [bucketId, key, isFinished],
  })
}

/** A version as rules see it. */
export interface ScannedVersion {
  key: string
  /** 0 is the current version, smaller ones are newer. A bigint. */
  order: string
  /** As it is stored. */
  versionId: string
  isNull: boolean
  isDeleteMarker: boolean
  size: number
  lastModified: Date
  tags: readonly Tag[] | null
  storageClass: string
}

export interface ScanVersions {
  bucketId: string
  /** Exclusive; order -1 begins with the current version of the key. */
  after: { key: string; order: string }
  prefix: string
  limit: number
}

/** Versions in the order in which they are stored: by key, then from the current one to the oldest. Costs what it reads. */
export function scanVersions(
  db: Queryable,
  { bucketId, after, prefix, limit }: ScanVersions,
): Promise<ScannedVersion[]> {
  return db.query({
    name: 'scan-versions',
    text: `
select key, noncurrent_order::text as "order", version_id as "versionId", is_null as "isNull", is_delete_marker as "isDeleteMarker", size::float8 as size,
  last_modified as "lastModified", settings -> 'tags' as tags, coalesce(settings ->> 'storageClass', 'STANDARD') as "storageClass"
from object_versions
where bucket_id = $1 and (key, noncurrent_order) > ($2 collate "C", $3::bigint) and key >= $4 collate "C" and key < ($4 || repeat(chr(1114111), 257)) collate "C"
order by key, noncurrent_order limit $5`,
    values: [bucketId, after.key, after.order, prefix, limit],
  })
}

/** A version as it was seen. */
export interface VersionPlace {
  key: string
  order: string
  /** As it is stored. */
  versionId: string
  /** What somebody wants to hear of it. */
  events: PendingEvents | null
}

export interface VersionMove extends VersionPlace {
  storageClass: string
}

/** Changes the storage class of versions that are still where they were seen; resolves to which, as indexes of `moves`. */
export function moveVersions(
  db: Queryable,
  { bucketId, moves }: { bucketId: string; moves: VersionMove[] },
): Promise<number[]> {
  return changeVersions(db, {
    bucketId,
    places: moves,
    classes: moves.map(({ storageClass }) => storageClass),
    eventName: 'LifecycleTransition',
  })
}

/** Archives restored versions again, unless somebody prolonged it meanwhile; resolves to how many. */
export async function endRestores(
  db: Queryable,
  { bucketId, places }: { bucketId: string; places: VersionPlace[] },
): Promise<number> {
  return (await changeVersions(db, { bucketId, places, classes: null, eventName: 'ObjectRestore:Delete' })).length
}

interface ChangeVersions {
  bucketId: string
  places: VersionPlace[]
  /** To which each moves; null ends restores that are over. */
  classes: string[] | null
  eventName: string
}

const MOVED_SETTINGS = `(coalesce(v.settings, '{}') - 'restoredUntil' - 'storageClass')
  || case when i.class = 'STANDARD' then '{}' else jsonb_build_object('storageClass', i.class) end`
const IS_OVER = `v.settings ->> 'restoredUntil' <= to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

function changeVersions(db: Queryable, { bucketId, places, classes, eventName }: ChangeVersions): Promise<number[]> {
  return db.transaction(async (tx) => {
    await lockKeys(tx, { bucketId, keys: [...new Set(places.map(({ key }) => key))] })
    const rows = await tx.query<ChangedVersion>({
      name: classes === null ? 'end-restores' : 'move-versions',
      text: `
update object_versions v set settings = nullif(${classes === null ? `v.settings - 'restoredUntil'` : MOVED_SETTINGS}, '{}')
from unnest($2::text[], $3::bigint[], $4::uuid[], $5::text[]) with ordinality as i (key, noncurrent_order, version_id, class, n)
where ${classes === null ? `${IS_OVER} and ` : ''} v.bucket_id = $1 and v.key = i.key and v.noncurrent_order = i.noncurrent_order and v.version_id = i.version_id
returning i.n::integer as n, v.size::float8 as size, v.etag, (select versioning <> 'unversioned' from buckets where id = $1) as "isVersioned", v.is_null as "isNull"`,
      values: [
        bucketId,
        textArray(places.map(({ key }) => key)),
        plainArray(places.map(({ order }) => order)),
        plainArray(places.map(({ versionId }) => versionId)),
        textArray(classes ?? places.map(() => null)),
      ],
    })
    for (const { n, size, etag, isVersioned, isNull } of rows) {
      const { key, versionId, events } = places[n - 1] as VersionPlace
      if (events === null) continue
      const shownId = isVersioned ? visibleVersionId({ isNull, versionId }) : null
      await insertEvent(tx, {
        bucketId,
        key,
        name: eventName,
        pending: events,
        versionId: shownId,
        size,
        etag,
      })
    }
    return rows.map(({ n }) => n - 1)
  })
}

interface ChangedVersion {
  n: number
  size: number
  etag: string
  isVersioned: boolean
  isNull: boolean
}

export interface DueRestore extends Omit<VersionPlace, 'events'> {
  bucketId: string
  bucketName: string
}

/** Restored versions whose time is over, by bucket; at most `limit`. */
export function pageDueRestores(db: Queryable, { limit }: { limit: number }): Promise<DueRestore[]> {
  return db.query({
    name: 'page-due-restores',
    text: `
select v.bucket_id as "bucketId", b.name as "bucketName", v.key, v.noncurrent_order::text as "order", v.version_id as "versionId"
from object_versions v join buckets b on b.id = v.bucket_id where v.settings ? 'restoredUntil' and ${IS_OVER} order by v.bucket_id limit $1`,
    values: [limit],
  })
}

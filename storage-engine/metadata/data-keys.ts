import { bytesArray, plainArray, textArray } from '#storage-engine/metadata/array-literal.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import type { ObjectEncryption } from '#storage-engine/object-settings.ts'

/** What is wrapped by a key of the namespace: data keys of versions and uploads, and material of named keys. */
const REFERENCES = `
  select o.namespace_key_version as version from object_versions o where o.bucket_id in (select id from buckets where namespace_id = $1) and o.namespace_key_version is not null
  union all select u.namespace_key_version from uploads u
  where u.bucket_id in (select id from buckets where namespace_id = $1) and u.namespace_key_version is not null and u.state <> 'aborted'
  union all select ('x' || encode(substring(m.wrapped_key from 18 for 4), 'hex'))::bit(32)::integer
  from named_key_versions m join named_keys k on k.id = m.named_key_id where k.namespace_id = $1`

/**
 * How many keys each version of the namespace's key wraps, as of one moment; versions that wrap none are left out. Reads the
 * row of every version in the namespace.
 */
export async function countDataKeys(
  db: Queryable,
  { namespaceId }: { namespaceId: string },
): Promise<Map<number, number>> {
  const rows = await db.transaction(async (tx) => {
    await withoutTimeout(tx)
    return tx.query<{ version: number; count: number }>({
      name: 'count-data-keys',
      text: `select version, count(*)::float8 as count from (${REFERENCES}) wrapped group by version`,
      values: [namespaceId],
    })
  })
  return new Map(rows.map(({ version, count }) => [version, count]))
}

/** A large namespace takes longer to read than a request may take; nothing is locked meanwhile. */
async function withoutTimeout(tx: Queryable): Promise<void> {
  await tx.query({ name: 'lift-timeout', text: 'set local statement_timeout = 0', values: [] })
}

/** A key that an older version of the namespace's key wraps. */
export interface OutdatedDataKey {
  bucketId: string
  versionId: string
  wrapped: Buffer
  encryption: ObjectEncryption | null
}

export interface OutdatedVersion extends OutdatedDataKey {
  key: string
  noncurrentOrder: string
}

/** Where a page ended; null when nothing comes after it. */
export interface VersionPlace {
  key: string
  noncurrentOrder: string
}

/** Of the next `limit` versions of a bucket, those whose data key is not wrapped by `version`, and where the page ended. */
export async function pageOutdatedVersions(
  db: Queryable,
  input: { bucketId: string; version: number; after: VersionPlace | null; limit: number },
): Promise<{ outdated: OutdatedVersion[]; end: VersionPlace | null }> {
  const { bucketId, version, after, limit } = input
  const rows = await db.query<Omit<OutdatedVersion, 'wrapped'> & { wrapped: Buffer | null }>({
    name: 'page-outdated-versions',
    text: `
select bucket_id as "bucketId", key, noncurrent_order::text as "noncurrentOrder", version_id as "versionId", settings -> 'encryption' as encryption,
  case when namespace_key_version <> $2 then wrapped_data_key end as wrapped
from object_versions where bucket_id = $1 and ($3::text is null or (key, noncurrent_order) > ($3 collate "C", $4::bigint))
order by key, noncurrent_order limit $5`,
    values: [bucketId, version, after?.key ?? null, after?.noncurrentOrder ?? null, limit],
  })
  const last = rows.length === limit ? rows.at(-1) : undefined
  return {
    outdated: rows.filter((row): row is OutdatedVersion => row.wrapped !== null),
    end: last === undefined ? null : { key: last.key, noncurrentOrder: last.noncurrentOrder },
  }
}

export interface RewrappedVersion extends OutdatedVersion {
  rewrapped: Buffer
}

/**
 * Compare-and-swap of wrapped keys; resolves to how many were swapped. Rows that somebody is at work on are left for the
 * next pass, so that we never wait while we hold locks.
 */
export async function saveRewrappedVersions(
  db: Queryable,
  { version, keys }: { version: number; keys: RewrappedVersion[] },
): Promise<number> {
  const rows = await db.query({
    name: 'save-rewrapped-versions',
    text: `
with input as materialized (
  select * from unnest($2::uuid[], $3::text[], $4::bigint[], $5::bytea[], $6::bytea[]) as i (bucket_id, key, noncurrent_order, wrapped, rewrapped)
), locked as materialized (
  select o.bucket_id, o.key, o.noncurrent_order, i.rewrapped from object_versions o
  join input i on i.bucket_id = o.bucket_id and i.key = o.key and i.noncurrent_order = o.noncurrent_order and i.wrapped = o.wrapped_data_key
  for no key update of o skip locked
)
update object_versions o set wrapped_data_key = l.rewrapped, namespace_key_version = $1 from locked l
where o.bucket_id = l.bucket_id and o.key = l.key and o.noncurrent_order = l.noncurrent_order returning o.version_id`,
    values: [
      version,
      plainArray(keys.map(({ bucketId }) => bucketId)),
      textArray(keys.map(({ key }) => key)),
      plainArray(keys.map(({ noncurrentOrder }) => noncurrentOrder)),
      bytesArray(keys.map(({ wrapped }) => wrapped)),
      bytesArray(keys.map(({ rewrapped }) => rewrapped)),
    ],
  })
  return rows.length
}

/** Uploads of a namespace, not aborted, after `afterId`, whose data key is not wrapped by `version`. */
export function pageOutdatedUploads(
  db: Queryable,
  { namespaceId, version, afterId, limit }: { namespaceId: string; version: number; afterId: string; limit: number },
): Promise<OutdatedDataKey[]> {
  return db.query({
    name: 'page-outdated-uploads',
    text: `
select bucket_id as "bucketId", id as "versionId", wrapped_data_key as wrapped, settings -> 'encryption' as encryption from uploads
where bucket_id in (select id from buckets where namespace_id = $1) and namespace_key_version <> $2 and state <> 'aborted' and id > $3 order by id limit $4`,
    values: [namespaceId, version, afterId, limit],
  })
}

/** Compare-and-swap; false when somebody changed it first. */
export async function saveRewrappedUpload(
  db: Queryable,
  input: { versionId: string; version: number; wrapped: Buffer; rewrapped: Buffer },
): Promise<boolean> {
  const rows = await db.query({
    name: 'save-rewrapped-upload',
    text: 'update uploads set wrapped_data_key = $4, namespace_key_version = $2 where id = $1 and wrapped_data_key = $3 returning id',
    values: [input.versionId, input.version, input.wrapped, input.rewrapped],
  })
  return rows.length === 1
}

export interface NamedKeyMaterialRow {
  keyId: string
  version: number
  wrapped: Buffer
}

/** All material of a namespace's named keys; a namespace has few. */
export function listNamedKeyMaterial(
  db: Queryable,
  { namespaceId }: { namespaceId: string },
): Promise<NamedKeyMaterialRow[]> {
  return db.query({
    name: 'list-named-key-material',
    text: `
select k.id as "keyId", m.version, m.wrapped_key as wrapped from named_key_versions m join named_keys k on k.id = m.named_key_id
where k.namespace_id = $1 order by k.id, m.version`,
    values: [namespaceId],
  })
}

/** Compare-and-swap; false when somebody changed it first. */
export async function saveRewrappedNamedKey(
  db: Queryable,
  { keyId, version, wrapped, rewrapped }: NamedKeyMaterialRow & { rewrapped: Buffer },
): Promise<boolean> {
  const rows = await db.query({
    name: 'save-rewrapped-named-key',
    text: 'update named_key_versions set wrapped_key = $4 where named_key_id = $1 and version = $2 and wrapped_key = $3 returning version',
    values: [keyId, version, wrapped, rewrapped],
  })
  return rows.length === 1
}

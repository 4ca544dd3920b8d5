import type { LoggingConfiguration } from '#storage-engine/bucket-settings.ts'
import { jsonArray, plainArray, textArray } from '#storage-engine/metadata/array-literal.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'

/** Records of one bucket and day, recorded by one process, on their way to the same target. */
export interface LogRecords {
  namespaceId: string
  bucketId: string
  bucketName: string
  bucketOwnerId: string
  region: string
  logging: LoggingConfiguration
  /** `2026-11-22`, in UTC. */
  day: string
  recordCount: number
  /** ASCII; each ends with a line feed. */
  lines: string
}

/** Records of a bucket, each of them a line of ASCII with its line feed. */
export function logRecordsOf(
  bucket: Bucket,
  { logging, day, lines }: Pick<LogRecords, 'logging' | 'day'> & { lines: readonly string[] },
): LogRecords {
  return {
    namespaceId: bucket.namespaceId,
    bucketId: bucket.id,
    bucketName: bucket.name,
    bucketOwnerId: bucket.ownerId,
    region: bucket.region,
    logging,
    day,
    recordCount: lines.length,
    lines: lines.join(''),
  }
}

/** Keeps records until they are delivered. */
export async function insertLogRecords(db: Queryable, groups: readonly LogRecords[]): Promise<void> {
  await db.query({
    name: 'insert-log-records',
    text: `
insert into log_records (namespace_id, bucket_id, bucket_name, bucket_owner_id, region, logging, day, record_count, lines)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::jsonb[], $7::date[], $8::integer[], $9::text[])`,
    values: [
      plainArray(groups.map(({ namespaceId }) => namespaceId)),
      plainArray(groups.map(({ bucketId }) => bucketId)),
      textArray(groups.map(({ bucketName }) => bucketName)),
      plainArray(groups.map(({ bucketOwnerId }) => bucketOwnerId)),
      textArray(groups.map(({ region }) => region)),
      jsonArray(groups.map(({ logging }) => logging)),
      plainArray(groups.map(({ day }) => day)),
      plainArray(groups.map(({ recordCount }) => recordCount)),
      textArray(groups.map(({ lines }) => lines)),
    ],
  })
}

/** Whether any record waits for its delivery. */
export async function hasLogRecords(db: Queryable): Promise<boolean> {
  const [answer] = await db.query<{ found: boolean }>({
    name: 'has-log-records',
    text: 'select exists (select from log_records) as found',
    values: [],
  })
  return answer?.found === true
}

/** What becomes one object in a target bucket. */
export interface LogBatch extends LogRecords {
  /** Of the rows that it is made of. */
  ids: number[]
  /** Of the oldest. */
  createdAt: Date
}

/**
 * The oldest records that are left, with those of the same bucket, day and target up to `sizeBytesMax` together, but at
 * least one row; null when there are none. `exceptBuckets` are left alone.
 */
export async function findLogBatch(
  db: Queryable,
  { exceptBuckets, sizeBytesMax, rowsMax }: { exceptBuckets: readonly string[]; sizeBytesMax: number; rowsMax: number },
): Promise<LogBatch | null> {
  const rows = await db.query<LogRecords & { id: number; createdAt: Date }>({
    name: 'find-log-batch',
    text: `
with oldest as (
  select bucket_id, day, logging from log_records where not (bucket_id = any ($1::uuid[])) order by id limit 1),
page as (
  select r.* from oldest o join log_records r on r.bucket_id = o.bucket_id and r.day = o.day and r.logging = o.logging
  order by r.id limit $3),
sized as (select page.*, sum(length(lines)) over (order by id) - length(lines) as size_before from page)
select id::float8 as id, namespace_id as "namespaceId", bucket_id as "bucketId", bucket_name as "bucketName", bucket_owner_id as "bucketOwnerId",
  region, logging, day::text as day, record_count as "recordCount", lines, created_at as "createdAt"
from sized where size_before = 0 or size_before + length(lines) <= $2 order by id`,
    values: [plainArray(exceptBuckets), sizeBytesMax, rowsMax],
  })
  const [first] = rows
  if (first === undefined) return null
  const { id: _, ...group } = first
  return {
    ...group,
    ids: rows.map(({ id }) => id),
    recordCount: rows.reduce((sum, { recordCount }) => sum + recordCount, 0),
    lines: rows.map(({ lines }) => lines).join(''),
  }
}

/** Forgets rows that were delivered, or never will be. */
export async function deleteLogRecords(db: Queryable, { ids }: { ids: readonly number[] }): Promise<void> {
  await db.query({
    name: 'delete-log-records',
    text: 'delete from log_records where id = any ($1::bigint[])',
    values: [plainArray(ids)],
  })
}

export interface LogAccount {
  /** 64 hexadecimal digits. */
  canonicalId: string
  namespaceName: string
  /** May be empty. */
  accountId: string
}

/** The account that an object user stands for; null when the user is gone. */
export async function findLogAccount(db: Queryable, { ownerId }: { ownerId: string }): Promise<LogAccount | null> {
  const [account] = await db.query<LogAccount>({
    name: 'find-log-account',
    text: `
select u.canonical_id as "canonicalId", n.name as "namespaceName", n.account_id as "accountId"
from object_users u join namespaces n on n.id = u.namespace_id where u.id = $1`,
    values: [ownerId],
  })
  return account ?? null
}

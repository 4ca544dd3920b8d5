import type { Queryable } from '#storage-engine/metadata/database.ts'

export interface BucketOverview {
  name: string
  region: string
  versioning: 'unversioned' | 'enabled' | 'suspended'
  createdAt: Date
  encryptionMode: 'off' | 'on'
  objectCount: number
  sizeBytes: number
  /** Of the objects, those of which every byte is sealed. */
  sealedCount: number
  /** How many of `sizeBytes` are sealed. */
  sealedBytes: number
}

export type BucketSort = 'name' | 'created' | 'objects' | 'size'

export interface ListBucketOverviewsInput {
  namespaceId: string
  /** Case-insensitive substring of the name; empty for all. */
  search: string
  sort: BucketSort
  order: 'asc' | 'desc'
  /** Where the page before ended. */
  after: { sortValue: number; name: string } | null
  limit: number
}

/** What a list is sorted by before the name, as a number. */
const SORT_VALUES: Record<BucketSort, string> = {
  name: '0',
  created: 'extract(epoch from created_at) * 1000',
  objects: 'object_count',
  size: 'size_bytes',
}

/**
 * A page of a namespace's buckets with their exact usage: what is folded, and the changes since. Rows carry the value by
 * which the next page goes on.
 */
export async function listBucketOverviews(
  db: Queryable,
  input: ListBucketOverviewsInput,
): Promise<(BucketOverview & { sortValue: number })[]> {
  const { after } = input
  const rows = await db.query<OverviewRow>({
    name: `bucket-overviews-${input.sort}-${input.order}-${after === null ? 'first' : 'next'}`,
    text: overviewsStatement(input),
    values: [input.namespaceId, input.search, input.limit, ...(after === null ? [] : [after.sortValue, after.name])],
  })
  return rows.map((row) => ({ ...overviewOf(row), sortValue: row.sort_value }))
}

/** One bucket of the namespace; null when it has none of that name. */
export async function findBucketOverview(
  db: Queryable,
  input: { namespaceId: string; name: string },
): Promise<BucketOverview | null> {
  const [row] = await db.query<OverviewRow>({
    name: 'bucket-overview',
    text: `${OVERVIEWS} and buckets.name = $2`,
    values: [input.namespaceId, input.name],
  })
  return row === undefined ? null : overviewOf(row)
}

interface OverviewRow {
  name: string
  region: string
  versioning: BucketOverview['versioning']
  created_at: Date
  encryption_mode: 'off' | 'on'
  object_count: number
  size_bytes: number
  sealed_count: number
  sealed_bytes: number
  sort_value: number
}

/** float8 is exact up to 2^53, and the driver makes a number of it. */
const OVERVIEWS = `
  select buckets.name, buckets.region, buckets.versioning, buckets.created_at, namespaces.encryption_mode,
    (coalesce(folded.object_count, 0) + coalesce(recent.object_count, 0))::float8 as object_count,
    (coalesce(folded.size_bytes, 0) + coalesce(recent.size_bytes, 0))::float8 as size_bytes,
    (coalesce(folded.sealed_count, 0) + coalesce(recent.sealed_count, 0))::float8 as sealed_count,
    (coalesce(folded.sealed_bytes, 0) + coalesce(recent.sealed_bytes, 0))::float8 as sealed_bytes
  from buckets
  join namespaces on namespaces.id = buckets.namespace_id
  left join bucket_usage folded on folded.bucket_id = buckets.id
  left join lateral (
    select sum(object_count) as object_count, sum(size_bytes) as size_bytes, sum(sealed_count) as sealed_count,
      sum(sealed_bytes) as sealed_bytes
    from usage_deltas where usage_deltas.bucket_id = buckets.id
  ) recent on true
  where buckets.namespace_id = $1`

function overviewsStatement({ sort, order, after }: ListBucketOverviewsInput): string {
  const comparison = order === 'asc' ? '>' : '<'
  const from = after === null ? '' : `where (sort_value, name) ${comparison} ($4::float8, $5::text collate "C")`
  return `
    select * from (
      select *, (${SORT_VALUES[sort]})::float8 as sort_value
      from (${OVERVIEWS} and position(lower($2::text) in lower(buckets.name)) > 0) overview
    ) sorted ${from}
    order by sort_value ${order}, name ${order} limit $3`
}

function overviewOf(row: OverviewRow): BucketOverview {
  return {
    name: row.name,
    region: row.region,
    versioning: row.versioning,
    createdAt: row.created_at,
    encryptionMode: row.encryption_mode,
    objectCount: row.object_count,
    sizeBytes: row.size_bytes,
    sealedCount: row.sealed_count,
    sealedBytes: row.sealed_bytes,
  }
}

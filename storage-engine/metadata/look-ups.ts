import { plainArray, textArray } from '#storage-engine/metadata/array-literal.ts'
import { Batcher } from '#storage-engine/metadata/batcher.ts'
import {
  FOUND_COLUMNS,
  type FoundObject,
  readFoundObject,
  VERSION_COLUMNS,
  versionProbe,
} from '#storage-engine/metadata/found-objects.ts'
import type { HotConnection, TextRow } from '#storage-engine/metadata/hot-connection.ts'
import {
  ACCESS_KEYS_TEXT,
  type FoundAccessKey,
  type FoundIdentity,
  IDENTITIES_TEXT,
  type IdentityAddress,
  readAccessKey,
  readIdentity,
} from '#storage-engine/metadata/identities.ts'
import {
  BUCKET_COLUMNS,
  type Bucket,
  isUnknown,
  type LoadedBuckets,
  loadUnknownBuckets,
  readBucket,
} from '#storage-engine/metadata/known-buckets.ts'

const ROWS_MAX = 64
const WAITING_MAX = 50_000
/** Reads do not wait for a flush: while one group is being read by us, Postgres works on the next. */
const GROUPS_A_CONNECTION = 2

/** The batched reads of the request path. */
export interface LookUps {
  buckets: Batcher<string, Bucket | null>
  /** Current versions. */
  objects: Batcher<ObjectAddress, FoundObject>
  /** Versions by their ids. */
  versions: Batcher<VersionAddress, FoundObject>
  accessKeys: Batcher<string, FoundAccessKey | null>
  identities: Batcher<IdentityAddress, FoundIdentity | null>
}

export interface ObjectAddress {
  bucketName: string
  key: string
}

export interface VersionAddress extends ObjectAddress {
  /** A UUID, or null for the null version. */
  versionId: string | null
}

/**
 * Each bucket of a group is probed once, however many rows are in it. LATERAL with LIMIT is always an index probe a row,
 * however stale the statistics are under which it was planned.
 */
const BUCKET_PROBES = `
  select i.n, b.id, b.columns from unnest($1::text[]) with ordinality as i (bucket_name, n) left join lateral (
    select b.id, ${BUCKET_COLUMNS} as columns from buckets b join namespaces n on n.id = b.namespace_id
    left join iam_epochs e on e.namespace_id = b.namespace_id where b.name = i.bucket_name limit 1) b on true`

const BUCKETS_TEXT = `select n, columns from (${BUCKET_PROBES}) probes`

const BLOB_PROBE = `
left join lateral (
  select f.blob_id, f.locator, f.size, f.stored_size, f.cipher from blobs f where f.blob_id = v.blob_id limit 1) f on true`

const OBJECTS_TEXT = `
with b as materialized (${BUCKET_PROBES})
select i.n, b.columns, ${FOUND_COLUMNS}
from unnest($2::bigint[], $3::text[]) with ordinality as i (bucket, key, n) join b on b.n = i.bucket
left join lateral (
  select ${VERSION_COLUMNS} from object_versions o where o.bucket_id = b.id and o.key = i.key and o.noncurrent_order = 0 limit 1) v on true
${BLOB_PROBE}`

const VERSIONS_TEXT = `
with b as materialized (${BUCKET_PROBES})
select i.n, b.columns, ${FOUND_COLUMNS}
from unnest($2::bigint[], $3::text[], $4::uuid[]) with ordinality as i (bucket, key, version_id, n) join b on b.n = i.bucket
left join lateral (${versionProbe({ columns: VERSION_COLUMNS, bucketId: 'b.id' })}) v on true
${BLOB_PROBE}`

export function createLookUps(hot: HotConnection[]): LookUps {
  return {
    buckets: createLookUp<string, Bucket | null>(hot, {
      name: 'find-buckets',
      text: BUCKETS_TEXT,
      encode: (names) => [textArray(names)],
      hasBuckets: true,
      decode: (row, _name, loaded) => readBucket(row[1], loaded),
      missing: null,
    }),
    objects: createLookUp<ObjectAddress, FoundObject>(hot, {
      name: 'find-objects',
      text: OBJECTS_TEXT,
      encode: encodeAddresses,
      hasBuckets: true,
      decode: readFoundObject,
      missing: NOTHING_FOUND,
    }),
    versions: createLookUp<VersionAddress, FoundObject>(hot, {
      name: 'find-versions',
      text: VERSIONS_TEXT,
      encode: (items) => [...encodeAddresses(items), plainArray(items.map(({ versionId }) => versionId))],
      hasBuckets: true,
      decode: readFoundObject,
      missing: NOTHING_FOUND,
    }),
    accessKeys: createLookUp<string, FoundAccessKey | null>(hot, {
      name: 'find-access-keys',
      text: ACCESS_KEYS_TEXT,
      encode: (ids) => [textArray(ids)],
      hasBuckets: false,
      decode: readAccessKey,
      missing: null,
    }),
    identities: createLookUp<IdentityAddress, FoundIdentity | null>(hot, {
      name: 'find-identities',
      text: IDENTITIES_TEXT,
      encode: (addresses) => [textArray(addresses.map(({ kind }) => kind)), plainArray(addresses.map(({ id }) => id))],
      hasBuckets: false,
      decode: readIdentity,
      missing: null,
    }),
  }
}

const NOTHING_FOUND: FoundObject = { bucket: null, object: null, deleteMarker: null }

/** The buckets' names without repetition, then the place of each row's bucket among them and its key. */
function encodeAddresses(addresses: ObjectAddress[]): string[] {
  const places = new Map<string, number>()
  for (const { bucketName } of addresses) if (!places.has(bucketName)) places.set(bucketName, places.size + 1)
  const bucketPlaces = addresses.map(({ bucketName }) => places.get(bucketName) as number)
  return [textArray([...places.keys()]), plainArray(bucketPlaces), textArray(addresses.map(({ key }) => key))]
}

interface LookUp<Item, Answer> {
  name: string
  text: string
  encode: (items: Item[]) => string[]
  /** Whether the second column is a bucket. */
  hasBuckets: boolean
  /** The row's first column is the ordinal of its item. */
  decode: (row: TextRow, item: Item, loaded: LoadedBuckets | null) => Answer
  missing: Answer
}

function createLookUp<Item, Answer>(
  hot: HotConnection[],
  { name, text, encode, hasBuckets, decode, missing }: LookUp<Item, Answer>,
): Batcher<Item, Answer> {
  const lanes = hot.flatMap((connection) =>
    Array.from({ length: GROUPS_A_CONNECTION }, () => async (items: Item[]) => {
      const rows = await connection.query({ name, text, values: encode(items) }, { isRepeatable: true })
      const mustLoad = hasBuckets && rows.some((row) => isUnknown(row[1]))
      const loaded = mustLoad ? await loadUnknownBuckets(connection, rows) : null
      const answers = new Array<Answer>(items.length).fill(missing)
      for (const row of rows) {
        const index = Number(row[0]) - 1
        answers[index] = decode(row, items[index] as Item, loaded)
      }
      return answers
    }),
  )
  return new Batcher({ lanes, rowsMax: ROWS_MAX, waitingMax: WAITING_MAX })
}

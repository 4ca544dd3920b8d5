import type { BucketSettings } from '#storage-engine/bucket-settings.ts'
import { plainArray, textArray } from '#storage-engine/metadata/array-literal.ts'
import { Batcher } from '#storage-engine/metadata/batcher.ts'
import type { HotConnection, TextRow } from '#storage-engine/metadata/hot-connection.ts'

const ROWS_MAX = 64
const WAITING_MAX = 50_000
/** Reads do not wait for a flush: while one group is being read by us, Postgres works on the next. */
const GROUPS_A_CONNECTION = 2

/** The batched reads of the request path. */
export interface LookUps {
  buckets: Batcher<string, Bucket | null>
  objects: Batcher<ObjectAddress, FoundObject>
  accessKeys: Batcher<string, FoundAccessKey | null>
}

/** Frozen, and shared between requests. */
export interface Bucket {
  readonly id: string
  readonly name: string
  readonly namespaceId: string
  readonly namespaceName: string
  readonly ownerId: string
  readonly region: string
  readonly versioning: 'unversioned' | 'enabled' | 'suspended'
  readonly settings: BucketSettings
  readonly createdAt: Date
  readonly encryptionMode: 'off' | 'on'
  readonly encryptionEpoch: number
}

export interface ObjectAddress {
  bucketName: string
  key: string
}

export interface FoundObject {
  bucket: Bucket | null
  object: ObjectVersion | null
}

export interface ObjectVersion {
  bucketId: string
  key: string
  versionId: string
  isNull: boolean
  ownerId: string
  size: number
  /** How many bytes of `size` are sealed. */
  sealedSize: number
  /** Without quotes. */
  etag: string
  lastModified: Date
  contentType: string
  systemHeaders: Record<string, string> | null
  userMetadata: Record<string, string> | null
  checksum: { algorithm: string; type: 'FULL_OBJECT' | 'COMPOSITE'; value: string } | null
  /** Set for a multipart object: its bytes are the upload's parts. */
  uploadId: string | null
  partCount: number | null
  wrappedDataKey: Buffer | null
  namespaceKeyVersion: number | null
  /** Of a single body; null for a multipart object and for an empty object without a blob. */
  blob: ObjectBlob | null
}

export interface ObjectBlob {
  blobId: string
  locator: string
  size: number
  storedSize: number
  /** 0 plain, 1 FLOE. */
  cipher: number
}

export interface FoundAccessKey {
  accessKeyId: string
  namespaceId: string
  namespaceName: string
  sealedSecret: Buffer
  state: 'active' | 'inactive'
  expiresAt: Date | null
  holder:
    | { kind: 'object-user'; id: string; canonicalId: string; displayName: string; isRoot: boolean }
    | {
        kind: 'storage-account'
        id: string
        name: string
        owner: { id: string; canonicalId: string; displayName: string }
      }
}

/** What a bucket is made of, in one column, so that a bucket which many rows share is parsed once. */
const BUCKET_COLUMNS = `concat_ws(E'\\x1f', b.id, b.name, b.namespace_id, n.name, b.owner_id, b.region, b.versioning,
  (date_part('epoch', b.created_at) * 1000)::bigint, n.encryption_mode, n.encryption_epoch, b.settings)`

/**
 * Each bucket of a group is probed once, however many rows are in it. LATERAL with LIMIT is always an index probe a row,
 * however stale the statistics are under which it was planned.
 */
const BUCKET_PROBES = `
  select i.n, b.id, b.columns from unnest($1::text[]) with ordinality as i (bucket_name, n) left join lateral (
    select b.id, ${BUCKET_COLUMNS} as columns from buckets b join namespaces n on n.id = b.namespace_id where b.name = i.bucket_name limit 1) b on true`

const BUCKETS_TEXT = `select n, columns from (${BUCKET_PROBES}) probes`

const OBJECTS_TEXT = `
with b as materialized (${BUCKET_PROBES})
select i.n, b.columns, v.version_id, v.is_null, v.owner_id, v.size, v.sealed_size, v.etag, v.last_modified, v.content_type, v.system_headers, v.user_metadata,
  v.checksum, v.upload_id, v.part_count, v.wrapped_data_key, v.namespace_key_version, f.blob_id, f.locator, f.size, f.stored_size, f.cipher
from unnest($2::bigint[], $3::text[]) with ordinality as i (bucket, key, n) join b on b.n = i.bucket
left join lateral (
  select o.version_id, o.is_null, o.owner_id, o.size, o.sealed_size, o.etag, (date_part('epoch', o.last_modified) * 1000)::bigint as last_modified,
    o.content_type, o.system_headers, o.user_metadata, o.checksum, o.upload_id, o.part_count, o.wrapped_data_key, o.namespace_key_version, o.blob_id
  from object_versions o where o.bucket_id = b.id and o.key = i.key and o.noncurrent_order = 0 and not o.is_delete_marker limit 1) v on true
left join lateral (
  select f.blob_id, f.locator, f.size, f.stored_size, f.cipher from blobs f where f.blob_id = v.blob_id limit 1) f on true`

const ACCESS_KEYS_TEXT = `
select i.n, k.access_key_id, k.namespace_id, s.name, k.sealed_secret, k.state, (date_part('epoch', k.expires_at) * 1000)::bigint,
  u.id, u.canonical_id, u.display_name, u.is_root, a.id, a.name, r.id, r.canonical_id, r.display_name
from unnest($1::text[]) with ordinality as i (access_key_id, n)
join access_keys k on k.access_key_id = i.access_key_id
join namespaces s on s.id = k.namespace_id
left join object_users u on u.id = k.object_user_id and u.namespace_id = k.namespace_id
left join storage_accounts a on a.id = k.storage_account_id and a.namespace_id = k.namespace_id
left join object_users r on a.id is not null and r.namespace_id = k.namespace_id and r.is_root`

export function createLookUps(hot: HotConnection[]): LookUps {
  return {
    buckets: createLookUp<string, Bucket | null>(hot, {
      name: 'find-buckets',
      text: BUCKETS_TEXT,
      encode: (names) => [textArray(names)],
      decode: (row) => readBucket(row[1]),
      missing: null,
    }),
    objects: createLookUp<ObjectAddress, FoundObject>(hot, {
      name: 'find-objects',
      text: OBJECTS_TEXT,
      encode: encodeAddresses,
      decode: (row, address) => readFoundObject(row, address),
      missing: { bucket: null, object: null },
    }),
    accessKeys: createLookUp<string, FoundAccessKey | null>(hot, {
      name: 'find-access-keys',
      text: ACCESS_KEYS_TEXT,
      encode: (ids) => [textArray(ids)],
      decode: readAccessKey,
      missing: null,
    }),
  }
}

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
  /** The row's first column is the ordinal of its item. */
  decode: (row: TextRow, item: Item) => Answer
  missing: Answer
}

function createLookUp<Item, Answer>(
  hot: HotConnection[],
  { name, text, encode, decode, missing }: LookUp<Item, Answer>,
): Batcher<Item, Answer> {
  const lanes = hot.flatMap((connection) =>
    Array.from({ length: GROUPS_A_CONNECTION }, () => async (items: Item[]) => {
      const rows = await connection.query({ name, text, values: encode(items) }, { isRepeatable: true })
      const answers = new Array<Answer>(items.length).fill(missing)
      for (const row of rows) {
        const index = Number(row[0]) - 1
        answers[index] = decode(row, items[index] as Item)
      }
      return answers
    }),
  )
  return new Batcher({ lanes, rowsMax: ROWS_MAX, waitingMax: WAITING_MAX })
}

/** The last buckets by the text they came as: the text is the identity, so nothing can be stale. */
const KNOWN_BUCKETS_MAX = 256
const knownBuckets = new Map<string, Bucket>()

function readBucket(columns: string | null | undefined): Bucket | null {
  if (!columns) return null
  const known = knownBuckets.get(columns)
  if (known) return known
  const bucket = parseBucket(columns)
  if (knownBuckets.size >= KNOWN_BUCKETS_MAX) knownBuckets.clear()
  knownBuckets.set(columns, bucket)
  return bucket
}

function parseBucket(columns: string): Bucket {
  const [id, name, namespaceId, namespaceName, ownerId, region, versioning, createdAt, mode, epoch, settings] =
    columns.split('\x1f') as string[]
  return Object.freeze({
    id: id as string,
    name: name as string,
    namespaceId: namespaceId as string,
    namespaceName: namespaceName as string,
    ownerId: ownerId as string,
    region: region as string,
    versioning: versioning as Bucket['versioning'],
    settings: Object.freeze(JSON.parse(settings as string)),
    createdAt: new Date(Number(createdAt)),
    encryptionMode: mode as Bucket['encryptionMode'],
    encryptionEpoch: Number(epoch),
  })
}

function readFoundObject(row: TextRow, { key }: ObjectAddress): FoundObject {
  const bucket = readBucket(row[1])
  return { bucket, object: bucket && row[2] ? readObject(row, bucket.id, key) : null }
}

function readObject(row: TextRow, bucketId: string, key: string): ObjectVersion {
  return {
    bucketId,
    key,
    versionId: row[2] as string,
    isNull: row[3] === 't',
    ownerId: row[4] as string,
    size: Number(row[5]),
    sealedSize: Number(row[6]),
    etag: row[7] as string,
    lastModified: new Date(Number(row[8])),
    contentType: row[9] as string,
    systemHeaders: readJson(row[10]),
    userMetadata: readJson(row[11]),
    checksum: readJson(row[12]),
    uploadId: row[13] ?? null,
    partCount: readNumber(row[14]),
    wrappedDataKey: readBytes(row[15]),
    namespaceKeyVersion: readNumber(row[16]),
    blob: row[17] ? readBlob(row) : null,
  }
}

function readBlob(row: TextRow): ObjectBlob {
  return {
    blobId: row[17] as string,
    locator: row[18] as string,
    size: Number(row[19]),
    storedSize: Number(row[20]),
    cipher: Number(row[21]),
  }
}

function readAccessKey(row: TextRow): FoundAccessKey {
  const [
    ,
    accessKeyId,
    namespaceId,
    namespaceName,
    sealedSecret,
    state,
    expiresAt,
    userId,
    canonicalId,
    displayName,
    isRoot,
    accountId,
    accountName,
    ownerId,
    ownerCanonicalId,
    ownerDisplayName,
  ] = row
  return {
    accessKeyId: accessKeyId as string,
    namespaceId: namespaceId as string,
    namespaceName: namespaceName as string,
    sealedSecret: readBytes(sealedSecret) as Buffer,
    state: state as FoundAccessKey['state'],
    expiresAt: expiresAt ? new Date(Number(expiresAt)) : null,
    holder: userId
      ? {
          kind: 'object-user',
          id: userId,
          canonicalId: canonicalId as string,
          displayName: displayName as string,
          isRoot: isRoot === 't',
        }
      : {
          kind: 'storage-account',
          id: accountId as string,
          name: accountName as string,
          owner: {
            id: ownerId as string,
            canonicalId: ownerCanonicalId as string,
            displayName: ownerDisplayName as string,
          },
        },
  }
}

function readJson<T>(text: string | null | undefined): T | null {
  return text ? (JSON.parse(text) as T) : null
}

function readNumber(text: string | null | undefined): number | null {
  return text ? Number(text) : null
}

/** bytea as Postgres prints it: \x and hexadecimal digits. */
function readBytes(text: string | null | undefined): Buffer | null {
  return text ? Buffer.from(text.slice(2), 'hex') : null
}

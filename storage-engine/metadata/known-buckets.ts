import { LRUCache } from 'lru-cache'
import type { BucketSettings } from '#storage-engine/bucket-settings.ts'
import { plainArray } from '#storage-engine/metadata/array-literal.ts'
import type { HotConnection, TextRow } from '#storage-engine/metadata/hot-connection.ts'

/** Frozen, and shared between requests. */
export interface Bucket {
  readonly id: string
  readonly name: string
  readonly namespaceId: string
  readonly namespaceName: string
  /** What stands in ARNs for the namespace; may be empty. */
  readonly accountId: string
  readonly ownerId: string
  readonly region: string
  readonly versioning: 'unversioned' | 'enabled' | 'suspended'
  /** Whole, and frozen: what is derived from it may be kept in a WeakMap. */
  readonly settings: BucketSettings
  readonly createdAt: Date
  readonly encryptionMode: 'off' | 'on'
  readonly encryptionEpoch: number
  /** Of its namespace: grows with every change of the namespace's keys. */
  readonly keyEpoch: number
  /** Of its namespace: whether its keys are to be destroyed, or are. */
  readonly shredState: 'scheduled' | 'done' | null
  /** Of its namespace: grows with every change of IAM. */
  readonly iamEpoch: number
}

/**
 * What a bucket is made of, in one column, so that a bucket which many rows share is parsed once. Of the settings, which
 * may be long, only the version: whoever has not seen that version yet loads them.
 */
export const BUCKET_COLUMNS = `concat_ws(E'\\x1f', b.id, b.name, b.namespace_id, n.name, n.account_id, b.owner_id, b.region, b.versioning,
  (date_part('epoch', b.created_at) * 1000)::bigint, n.encryption_mode, n.encryption_epoch, n.key_epoch,
  coalesce(n.shred_state, ''), coalesce(e.epoch, 0),
  b.settings_version)`

const SETTINGS_TEXT = `
select b.id, b.settings from unnest($1::uuid[]) as i (id) cross join lateral (
  select b.id, b.settings from buckets b where b.id = i.id limit 1) b`

const KNOWN_BUCKETS_MAX = 2_000
/** Settings may be long, so they are bounded by bytes; a bucket over this is loaded anew each time. */
const KNOWN_BYTES_MAX = 32 * 1024 ** 2
const BUCKET_BYTES = 1_000
const NO_SETTINGS: BucketSettings = Object.freeze({})

/** The last buckets by the text they came as: the text is the identity, so nothing can be stale. */
const knownBuckets = new LRUCache<string, Bucket>({ max: KNOWN_BUCKETS_MAX, maxSize: KNOWN_BYTES_MAX })

/** Buckets that had to be loaded for a group of rows, by their columns. */
export type LoadedBuckets = ReadonlyMap<string, Bucket>

/** The bucket of a row whose group went through `loadUnknownBuckets`; null when the row has none, or it is deleted by now. */
export function readBucket(columns: string | null | undefined, loaded: LoadedBuckets | null): Bucket | null {
  if (!columns) return null
  return knownBuckets.get(columns) ?? loaded?.get(columns) ?? null
}

/** Loads the settings of those buckets, in the second column of each row of a group, that were not seen before. */
export async function loadUnknownBuckets(connection: HotConnection, rows: TextRow[]): Promise<LoadedBuckets> {
  const unknown = new Set<string>()
  for (const row of rows) if (isUnknown(row[1])) unknown.add(row[1] as string)
  const versioned = [...unknown].filter((columns) => settingsVersionOf(columns) !== '0')
  const settings = versioned.length === 0 ? new Map() : await loadSettings(connection, versioned.map(idOf))
  const loaded = new Map<string, Bucket>()
  for (const columns of unknown) {
    // Perhaps younger than the columns: a request may see a change that was made while it was looked up.
    const text = settingsVersionOf(columns) === '0' ? null : settings.get(idOf(columns))
    if (text === undefined) continue
    const bucket = parseBucket(columns, text === null ? NO_SETTINGS : deepFreeze(JSON.parse(text)))
    loaded.set(columns, bucket)
    knownBuckets.set(columns, bucket, { size: BUCKET_BYTES + 2 * (text?.length ?? 0) })
  }
  return loaded
}

/** Whether a row needs `loadUnknownBuckets` first. */
export function isUnknown(columns: string | null | undefined): boolean {
  return Boolean(columns) && !knownBuckets.has(columns as string)
}

async function loadSettings(connection: HotConnection, ids: string[]): Promise<Map<string, string>> {
  const statement = { name: 'load-bucket-settings', text: SETTINGS_TEXT, values: [plainArray(ids)] }
  const rows = await connection.query(statement, { isRepeatable: true })
  return new Map(rows.map(([id, settings]) => [id as string, settings as string]))
}

function idOf(columns: string): string {
  return columns.slice(0, columns.indexOf('\x1f'))
}

function settingsVersionOf(columns: string): string {
  return columns.slice(columns.lastIndexOf('\x1f') + 1)
}

function parseBucket(columns: string, settings: BucketSettings): Bucket {
  const [
    id,
    name,
    namespaceId,
    namespaceName,
    accountId,
    ownerId,
    region,
    versioning,
    createdAt,
    mode,
    epoch,
    keyEpoch,
    shredState,
    iamEpoch,
  ] = columns.split('\x1f') as string[]
  return Object.freeze({
    id: id as string,
    name: name as string,
    namespaceId: namespaceId as string,
    namespaceName: namespaceName as string,
    accountId: accountId as string,
    ownerId: ownerId as string,
    region: region as string,
    versioning: versioning as Bucket['versioning'],
    settings,
    createdAt: new Date(Number(createdAt)),
    encryptionMode: mode as Bucket['encryptionMode'],
    encryptionEpoch: Number(epoch),
    keyEpoch: Number(keyEpoch),
    shredState: shredState === '' ? null : (shredState as Bucket['shredState']),
    iamEpoch: Number(iamEpoch),
  })
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const each of Object.values(value)) deepFreeze(each)
  return Object.freeze(value)
}

import { StorageError } from '#storage-engine/errors.ts'
import { bytesArray, plainArray, textArray } from '#storage-engine/metadata/array-literal.ts'
import { type CommitBlob, countsOf } from '#storage-engine/metadata/commit-sql.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { advanceMigration, type EncryptionMigration } from '#storage-engine/metadata/encryption-migrations.ts'
import { lockKeys } from '#storage-engine/metadata/key-locks.ts'
import { lockWriteTarget } from '#storage-engine/metadata/write-target.ts'

/** The migration was paused, cancelled, or superseded by another setting of the switch: nothing was changed. */
export class MigrationHalted extends Error {
  override readonly name = 'MigrationHalted'
}

export interface SwapTarget {
  migration: Pick<EncryptionMigration, 'id' | 'namespaceId' | 'encryptionEpoch'>
  bucketId: string
  /** How much older than now the replaced blobs shall look, so that the collector takes them before its usual grace. */
  freedSecondsAgo: number
}

/** The same bytes in another blob. */
export interface BodySwap {
  key: string
  versionId: string
  /** What the version refers to as long as nobody has changed it. */
  from: string
  to: CommitBlob
  /** Null when nothing of the version is sealed any more. */
  wrappedDataKey: Buffer | null
  namespaceKeyVersion: number | null
}

/**
 * Gives versions other blobs with the same bytes, each one only if it still has the blob that was read; all in one
 * transaction, under the locks of their keys. Nothing else of a version changes. Replaced blobs become garbage. Resolves
 * to the indexes of those that were swapped; the blobs of the others have no row, and are collected. Throws MigrationHalted,
 * NoSuchBucket.
 */
export async function swapBodies(db: Queryable, target: SwapTarget, swaps: BodySwap[]): Promise<number[]> {
  return db.transaction(async (tx) => {
    await holdTarget(tx, target, swaps)
    await lockKeys(tx, { bucketId: target.bucketId, keys: [...new Set(swaps.map(({ key }) => key))] })
    const rows = await tx.query<{ n: number }>({
      name: 'swap-bodies',
      text: SWAP_BODIES,
      values: [
        target.bucketId,
        target.migration.namespaceId,
        target.freedSecondsAgo,
        textArray(swaps.map(({ key }) => key)),
        plainArray(swaps.map(({ versionId }) => versionId)),
        plainArray(swaps.map(({ from }) => from)),
        ...blobArrays(swaps.map(({ to }) => to)),
        bytesArray(swaps.map(({ wrappedDataKey }) => wrappedDataKey)),
        plainArray(swaps.map(({ namespaceKeyVersion }) => namespaceKeyVersion)),
      ],
    })
    const swapped = rows.map(({ n }) => n - 1)
    const doneBytes = swapped.reduce((sum, index) => sum + (swaps[index] as BodySwap).to.size, 0)
    await advance(tx, target, { doneCount: swapped.length, doneBytes })
    return swapped
  })
}

const BLOB_INPUTS = ['blob_id', 'locator', 'size', 'stored_size', 'cipher'].join(', ')

const REFERRED = `referred as (
  insert into blobs (${BLOB_INPUTS}, namespace_id) select ${BLOB_INPUTS.replaceAll(/\w+/g, 'i.$&')}, $2 from input i join swapped s on s.n = i.n
), freed as (
  insert into garbage_blobs (blob_id, freed_at) select i.from_id, now() - make_interval(secs => $3) from input i join swapped s on s.n = i.n
)`

const SWAP_BODIES = `
with input as materialized (
  select * from unnest($4::text[], $5::uuid[], $6::uuid[], $7::uuid[], $8::text[], $9::bigint[], $10::bigint[], $11::smallint[], $12::bytea[], $13::integer[])
    with ordinality as i (key, version_id, from_id, ${BLOB_INPUTS}, wrapped_data_key, namespace_key_version, n)
), swapped as (
  update object_versions v set blob_id = i.blob_id, sealed_size = case when i.cipher > 0 then v.size else 0 end,
    wrapped_data_key = i.wrapped_data_key, namespace_key_version = i.namespace_key_version
  from input i where v.bucket_id = $1 and v.key = i.key and v.version_id = i.version_id and v.blob_id = i.from_id
  returning i.n, ${countsOf('new')}, ${countsOf('old')}
), ${REFERRED}, counted as (
  insert into usage_deltas (bucket_id, object_count, size_bytes, sealed_count, sealed_bytes)
  select $1, 0, 0, sum(new_sealed_count - old_sealed_count), sum(new_sealed_bytes - old_sealed_bytes) from swapped having count(*) > 0
)
select n::integer as n from swapped order by n`

export interface PartSwap {
  partNumber: number
  from: string
  to: CommitBlob
}

export interface SwapParts {
  /** Of the version that the upload became; null while it is open. */
  key: string | null
  uploadId: string
  /** The data key that the parts are sealed with, or were. */
  wrappedDataKey: Buffer
  namespaceKeyVersion: number
  swaps: PartSwap[]
}

/**
 * The same for parts of an open upload, or of the version that one became. A version gets the data key with its first sealed
 * part, and loses it with its last one; an upload keeps its key, since parts that are on their way may be sealed with it.
 * Resolves to how many were swapped: none, when the upload or version is gone or has another data key by now.
 */
export async function swapParts(db: Queryable, target: SwapTarget, input: SwapParts): Promise<number> {
  const { key, uploadId, swaps } = input
  return db.transaction(async (tx) => {
    await holdTarget(tx, target, [input])
    if (key !== null) await lockKeys(tx, { bucketId: target.bucketId, keys: [key] })
    if (!(await holdOwner(tx, target, input))) return 0
    const rows = await tx.query<{ n: number }>({
      name: 'swap-parts',
      text: SWAP_PARTS,
      values: [
        uploadId,
        target.migration.namespaceId,
        target.freedSecondsAgo,
        plainArray(swaps.map(({ partNumber }) => partNumber)),
        plainArray(swaps.map(({ from }) => from)),
        ...blobArrays(swaps.map(({ to }) => to)),
      ],
    })
    const isDone = key === null ? null : await recount(tx, target, input)
    const doneBytes = rows.reduce((sum, { n }) => sum + (swaps[n - 1] as PartSwap).to.size, 0)
    await advance(tx, target, { doneCount: isDone === null ? rows.length : Number(isDone), doneBytes })
    return rows.length
  })
}

const SWAP_PARTS = `
with input as materialized (
  select * from unnest($4::integer[], $5::uuid[], $6::uuid[], $7::text[], $8::bigint[], $9::bigint[], $10::smallint[])
    with ordinality as i (part_number, from_id, ${BLOB_INPUTS}, n)
), swapped as (
  update parts p set blob_id = i.blob_id from input i where p.upload_id = $1 and p.part_number = i.part_number and p.blob_id = i.from_id returning i.n
), ${REFERRED}
select n::integer as n from swapped order by n`

/** The row that says which data key the parts have: nobody else changes it until the transaction ends. */
async function holdOwner(tx: Queryable, { bucketId }: SwapTarget, input: SwapParts): Promise<boolean> {
  const { key, uploadId, wrappedDataKey } = input
  const held = await tx.query(
    key === null
      ? {
          name: 'hold-upload-of-parts',
          text: `select id from uploads where id = $1 and bucket_id = $2 and state = 'open' and wrapped_data_key = $3 for update`,
          values: [uploadId, bucketId, wrappedDataKey],
        }
      : {
          name: 'hold-version-of-parts',
          text: `
select key from object_versions where bucket_id = $2 and key = $4 and upload_id = $1 and (wrapped_data_key is null or wrapped_data_key = $3) for update`,
          values: [uploadId, bucketId, wrappedDataKey, key],
        },
  )
  return held.length > 0
}

/** What the version of the parts now is; resolves to whether all of its parts have one form. */
async function recount(tx: Queryable, { bucketId }: SwapTarget, input: SwapParts): Promise<boolean> {
  const { key, uploadId, wrappedDataKey, namespaceKeyVersion } = input
  const [row] = await tx.query<{ isUniform: boolean }>({
    name: 'recount-version-of-parts',
    text: `
with forms as materialized (
  select coalesce(sum(p.size) filter (where b.cipher > 0), 0)::bigint as sealed_size, bool_or(b.cipher > 0) as has_sealed, bool_or(b.cipher = 0) as has_plain
  from parts p join blobs b on b.blob_id = p.blob_id where p.upload_id = $3
), changed as (
  update object_versions v set sealed_size = f.sealed_size, wrapped_data_key = case when f.has_sealed then $4::bytea end,
    namespace_key_version = case when f.has_sealed then $5::integer end
  from forms f where v.bucket_id = $1 and v.key = $2 and v.upload_id = $3
  returning ${countsOf('new')}, ${countsOf('old')}
), counted as (
  insert into usage_deltas (bucket_id, object_count, size_bytes, sealed_count, sealed_bytes)
  select $1, 0, 0, sum(new_sealed_count - old_sealed_count), sum(new_sealed_bytes - old_sealed_bytes) from changed having count(*) > 0
)
select not (has_sealed and has_plain) as "isUniform" from forms`,
    values: [bucketId, key, uploadId, wrappedDataKey, namespaceKeyVersion],
  })
  return row?.isUniform === true
}

/**
 * Until the transaction ends no switch can pass, no key version be retired and no shredding begin. Throws MigrationHalted
 * after a switch, ServiceUnavailable when a data key would need a retired key: sealing once more helps.
 */
async function holdTarget(
  tx: Queryable,
  { migration, bucketId }: SwapTarget,
  keys: { namespaceKeyVersion: number | null }[],
): Promise<void> {
  const { namespaceId } = migration
  const { encryptionEpoch, isShredding } = await lockWriteTarget(tx, { namespaceId, bucketId })
  if (encryptionEpoch !== migration.encryptionEpoch || isShredding) throw new MigrationHalted()
  const [namespace] = await tx.query<{ retired: number[] }>({
    name: 'find-retired-key-versions',
    text: 'select retired_key_versions as retired from namespaces where id = $1',
    values: [namespaceId],
  })
  const retired = namespace?.retired ?? []
  if (keys.some(({ namespaceKeyVersion: version }) => version !== null && retired.includes(version))) {
    throw new StorageError('ServiceUnavailable', { message: 'A version of the namespace key was retired meanwhile.' })
  }
}

async function advance(
  tx: Queryable,
  { migration }: SwapTarget,
  done: { doneCount: number; doneBytes: number },
): Promise<void> {
  if (!(await advanceMigration(tx, { id: migration.id, ...done }))) throw new MigrationHalted()
}

function blobArrays(blobs: CommitBlob[]): string[] {
  return [
    plainArray(blobs.map(({ blobId }) => blobId)),
    textArray(blobs.map(({ locator }) => locator)),
    plainArray(blobs.map(({ size }) => size)),
    plainArray(blobs.map(({ storedSize }) => storedSize)),
    plainArray(blobs.map(({ cipher }) => cipher)),
  ]
}

import type { KeyObject } from 'node:crypto'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Pace } from '#storage-engine/jobs/pace.ts'
import type { CommitBlob } from '#storage-engine/metadata/commit-sql.ts'
import {
  type BucketToConvert,
  type Convertible,
  type ConvertiblePart,
  type ConvertibleVersion,
  listConvertibleParts,
} from '#storage-engine/metadata/convertible-blobs.ts'
import type { EncryptionMigration } from '#storage-engine/metadata/encryption-migrations.ts'
import {
  type BodySwap,
  type PartSwap,
  type SwapTarget,
  swapBodies,
  swapParts,
} from '#storage-engine/metadata/swap-blobs.ts'
import { setUploadDataKey } from '#storage-engine/metadata/uploads.ts'
import { dataKeyFor, type VersionKey } from '#storage-engine/objects/data-key.ts'
import { openVersionKey } from '#storage-engine/objects/encryption.ts'
import { rewriteBlob } from '#storage-engine/objects/rewrite-blob.ts'

/** Few enough that clients never wait long for the locks of one transaction. */
const GROUP_COUNT_MAX = 64
const GROUP_BYTES_MAX = 32 * 1024 ** 2
const BLOBS_AT_ONCE = 4
/** Large blobs are groups of their own. */
const GROUPS_AT_ONCE = 3
const SECONDS_A_ROUND_MAX = 2
/** Readers that were sent to a replaced blob find the new one; this spares them the search. */
const REPLACED_GRACE_SECONDS = 10

export interface Conversion {
  migration: EncryptionMigration
  pace: Pace
  /** Blobs that were to be converted. */
  attempted: number
  /** Ids of those that could not be read, which stay as they are. */
  unreadable: Set<string>
}

/** Converts single bodies of one bucket, in groups. Throws MigrationHalted, NoSuchBucket, and what stops all of the work. */
export async function convertBodies(
  engine: Engine,
  conversion: Conversion,
  { bucket, versions }: { bucket: BucketToConvert; versions: ConvertibleVersion[] },
): Promise<void> {
  await inLanes(groupsOf(versions, conversion.pace), GROUPS_AT_ONCE, async (group) => {
    const swaps = await inLanes(group, BLOBS_AT_ONCE, (version) => convertBody(engine, conversion, { bucket, version }))
    const made = swaps.filter((swap) => swap !== null)
    if (made.length > 0) await swapBodies(engine.db, targetOf(engine, conversion, bucket), made)
  })
}

async function convertBody(
  engine: Engine,
  conversion: Conversion,
  { bucket, version }: { bucket: BucketToConvert; version: ConvertibleVersion },
): Promise<BodySwap | null> {
  const { key, versionId, etag: md5 } = version
  const blob = version.blob as CommitBlob
  const isSealing = conversion.migration.direction === 'encrypt'
  conversion.attempted++
  const rewritten = await unlessUnreadable(engine, conversion, blob.blobId, async () => {
    const sealKey = isSealing ? await dataKeyFor(engine, { bucket, versionId, second: null, size: blob.size }) : null
    const from = isSealing ? null : await openKey(engine, bucket, version)
    const to = await rewrite(engine, conversion.pace, { bucket, versionId, partNumber: 0, blob, md5, from, sealKey })
    return { to, wrappedDataKey: sealKey?.wrapped ?? null, namespaceKeyVersion: sealKey?.namespaceKeyVersion ?? null }
  })
  return rewritten === null ? null : { key, versionId, from: blob.blobId, ...rewritten }
}

export interface OwnerOfParts {
  bucket: BucketToConvert
  owner: Convertible
  /** An upload that is still open, not the version that one became. */
  isOpen: boolean
}

/** Converts the parts of one version or open upload. Throws as convertBodies. */
export async function convertParts(engine: Engine, conversion: Conversion, input: OwnerOfParts): Promise<void> {
  const { owner, bucket } = input
  const { direction } = conversion.migration
  const key = await unlessUnreadable(engine, conversion, owner.versionId, () => keyOfParts(engine, input))
  if (conversion.unreadable.has(owner.versionId)) conversion.attempted++
  if (key === null) return
  let after = 0
  for (;;) {
    const uploadId = owner.versionId
    const page = await listConvertibleParts(engine.db, { uploadId, direction, after, limit: GROUP_COUNT_MAX })
    const last = page.at(-1)
    if (last === undefined) return
    await inLanes(groupsOf(page, conversion.pace), GROUPS_AT_ONCE, async (group) => {
      const swaps = await inLanes(group, BLOBS_AT_ONCE, (part) =>
        convertPart(engine, conversion, { bucket, uploadId, part, key }),
      )
      await swapParts(engine.db, targetOf(engine, conversion, bucket), {
        key: input.isOpen ? null : owner.key,
        uploadId,
        wrappedDataKey: key.wrapped,
        namespaceKeyVersion: key.namespaceKeyVersion,
        swaps: swaps.filter((swap) => swap !== null),
      })
    })
    after = last.partNumber
  }
}

/** All parts share one key; one that is made for an open upload is written down before anything is sealed with it. Null: the upload has ended. */
async function keyOfParts(engine: Engine, { bucket, owner, isOpen }: OwnerOfParts): Promise<VersionKey | null> {
  const { wrappedDataKey, namespaceKeyVersion, versionId } = owner
  if (wrappedDataKey !== null && namespaceKeyVersion !== null) {
    const key = (await openKey(engine, bucket, owner)) as KeyObject
    return { key, wrapped: wrappedDataKey, namespaceKeyVersion }
  }
  const made = await dataKeyFor(engine, { bucket, versionId, second: null, size: null })
  if (!isOpen) return made
  const { wrapped, namespaceKeyVersion: madeVersion } = made
  const own = { uploadId: versionId, wrappedDataKey: wrapped, namespaceKeyVersion: madeVersion }
  const stored = await unlessEnded(() => setUploadDataKey(engine.db, own))
  if (stored === null) return null
  const key = (await openKey(engine, bucket, { ...owner, ...stored })) as KeyObject
  return { key, wrapped: stored.wrappedDataKey, namespaceKeyVersion: stored.namespaceKeyVersion }
}

async function unlessEnded<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StorageError && error.code === 'NoSuchUpload') return null
    throw error
  }
}

async function convertPart(
  engine: Engine,
  conversion: Conversion,
  input: { bucket: BucketToConvert; uploadId: string; part: ConvertiblePart; key: VersionKey },
): Promise<PartSwap | null> {
  const { bucket, uploadId: versionId, part, key } = input
  const { partNumber, blob, etag: md5 } = part
  const isSealing = conversion.migration.direction === 'encrypt'
  const from = isSealing ? null : key.key
  const sealKey = isSealing ? key : null
  conversion.attempted++
  const to = await unlessUnreadable(engine, conversion, blob.blobId, () =>
    rewrite(engine, conversion.pace, { bucket, versionId, partNumber, blob, md5, from, sealKey }),
  )
  return to === null ? null : { partNumber, from: blob.blobId, to }
}

interface Rewrite {
  bucket: BucketToConvert
  versionId: string
  partNumber: number
  blob: CommitBlob
  md5: string
  from: KeyObject | null
  sealKey: VersionKey | null
}

async function rewrite(engine: Engine, pace: Pace, { sealKey, ...input }: Rewrite): Promise<CommitBlob> {
  const to = sealKey?.key ?? null
  const written = await rewriteBlob(engine, { ...input, to, pace: (bytes) => pace.take(bytes) })
  pace.noteDone(written.size)
  return written
}

function openKey(
  engine: Engine,
  bucket: BucketToConvert,
  { versionId, wrappedDataKey, namespaceKeyVersion }: Convertible,
): KeyObject | null | Promise<KeyObject | null> {
  const version = { versionId, wrappedDataKey, namespaceKeyVersion, settings: null }
  return openVersionKey(engine, { bucket, version })
}

/** What cannot be read stays as it is and is remembered; nobody is served by giving up on all the rest. */
async function unlessUnreadable<T>(
  engine: Engine,
  { migration, unreadable }: Conversion,
  id: string,
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    const isUnreadable =
      error instanceof SealBrokenError ||
      (error instanceof StorageError && ['InternalError', 'BadDigest', 'AccessDenied'].includes(error.code))
    if (!isUnreadable) throw error
    // Somebody may have deleted it in this very moment: the next pass tells.
    engine.log.warn({ err: error, blobId: id, migrationId: migration.id }, 'blob could not be converted')
    unreadable.add(id)
    return null
  }
}

function targetOf(engine: Engine, { migration }: Conversion, { id: bucketId }: BucketToConvert): SwapTarget {
  const isPlain = migration.direction === 'encrypt'
  const grace = engine.config.garbageGraceSeconds
  return { migration, bucketId, freedSecondsAgo: isPlain ? Math.max(grace - REPLACED_GRACE_SECONDS, 0) : 0 }
}

/** With a limit, groups are small enough that people see the migration advance. */
function groupsOf<Item extends { size: number }>(items: Item[], { limit }: Pace): Item[][] {
  const bytesMax =
    limit === null ? GROUP_BYTES_MAX : Math.min((limit * SECONDS_A_ROUND_MAX) / GROUPS_AT_ONCE, GROUP_BYTES_MAX)
  const groups: Item[][] = []
  let bytes = 0
  for (const item of items) {
    const group = groups.at(-1)
    bytes += item.size
    if (group !== undefined && group.length < GROUP_COUNT_MAX && bytes <= bytesMax) group.push(item)
    else {
      groups.push([item])
      bytes = item.size
    }
  }
  return groups
}

/** Runs `work` on all items, `lanes` at a time, and answers in their order. The first failure is thrown once all lanes have ended. */
async function inLanes<Item, Result>(
  items: Item[],
  lanes: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length)
  const waiting = items.entries()
  const lane = async () => {
    for (const [index, item] of waiting) results[index] = await work(item)
  }
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane))
  const failed = ended.find((each) => each.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return results
}

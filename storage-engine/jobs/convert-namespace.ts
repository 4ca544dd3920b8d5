import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { type Conversion, convertBodies, convertParts } from '#storage-engine/jobs/convert-blobs.ts'
import { erasePlaintext } from '#storage-engine/jobs/erase-plaintext.ts'
import type { Pace } from '#storage-engine/jobs/pace.ts'
import {
  type BucketToConvert,
  type ConvertibleVersion,
  listBucketsFrom,
  listConvertibleUploads,
  scanConvertible,
} from '#storage-engine/metadata/convertible-blobs.ts'
import {
  type EncryptionMigration,
  endMigration,
  noteMigration,
} from '#storage-engine/metadata/encryption-migrations.ts'
import type { Notice } from '#storage-engine/notice.ts'

const BUCKETS_PAGE = 100
const VERSIONS_PAGE = 1_000
const UPLOADS_PAGE = 100
const FIRST_ID = '00000000-0000-0000-0000-000000000000'
const WAIT_MS_MIN = 500
const WAIT_MS_MAX = 15_000

interface Work {
  migration: EncryptionMigration
  pace: Pace
  signal: AbortSignal
}

/**
 * Passes over everything that a namespace stores until one finds nothing to convert, then, of an encryption, until none of
 * the plaintext is left on any node. Resolves early when the signal aborts. Throws MigrationHalted when the switch was thrown
 * again, and what stops all of the work, such as ServiceUnavailable while the keys are out of reach.
 */
export async function convertNamespace(
  engine: Engine,
  migration: EncryptionMigration,
  { pace, signal }: Omit<Work, 'migration'>,
): Promise<void> {
  const work = { migration, pace, signal }
  const { id } = migration
  if (migration.totalCount === null) await count(engine, work)
  let unreadable = await convertAll(engine, work)
  if (signal.aborted) return
  if (migration.direction === 'encrypt') {
    await noteMigration(engine.db, { id, state: 'cleaning', position: null, bytesPerSecond: null })
    for (let waitMs = WAIT_MS_MIN; ; waitMs = Math.min(waitMs * 1.5, WAIT_MS_MAX)) {
      const left = await erasePlaintext(engine, { namespaceId: migration.namespaceId, signal })
      if (signal.aborted) return
      if (left.referred > unreadable.size) unreadable = await convertAll(engine, work)
      else if (!left.isSome) break
      await sleep(waitMs, undefined, { signal })
    }
  }
  await endMigration(engine.db, { id, ...verdictOn(unreadable) })
}

function verdictOn({ size: count }: Set<string>): { state: 'done' | 'failed'; notice: Notice | null } {
  if (count === 0) return { state: 'done', notice: null }
  return { state: 'failed', notice: { code: 'blobs-unreadable', values: { count } } }
}

/** For the progress that people see. */
async function count(engine: Engine, work: Work): Promise<void> {
  let [totalCount, totalBytes] = [0, 0]
  for await (const { versions, uploads } of everything(engine, { ...work, from: null })) {
    for (const { size } of versions) {
      totalCount++
      totalBytes += size
    }
    for (const { size, partCount } of uploads) {
      totalCount += partCount
      totalBytes += size
    }
  }
  if (!work.signal.aborted) await noteMigration(engine.db, { id: work.migration.id, totalCount, totalBytes })
}

/**
 * A version may move within its key while a page of them is read, so only a whole pass that finds nothing proves anything.
 * Resolves to the blobs that could not be read, twice in a row.
 */
async function convertAll(engine: Engine, { migration, pace, signal }: Work): Promise<Set<string>> {
  let known = new Set<string>()
  let from = migration.position
  for (;;) {
    const conversion: Conversion = { migration, pace, attempted: 0, unreadable: new Set() }
    await convertOnce(engine, conversion, { from, signal })
    if (signal.aborted) return known
    const isProof = from === null && conversion.attempted === conversion.unreadable.size
    const isNews = [...conversion.unreadable].some((blobId) => !known.has(blobId))
    if (isProof && !isNews) return conversion.unreadable
    known = conversion.unreadable
    from = null
  }
}

/** One pass. */
async function convertOnce(
  engine: Engine,
  conversion: Conversion,
  { from, signal }: { from: Position | null; signal: AbortSignal },
): Promise<void> {
  const { migration, pace } = conversion
  for await (const { bucket, versions, uploads, position } of everything(engine, { migration, pace, signal, from })) {
    await unlessDeleted(async () => {
      const bodies = versions.filter(({ uploadId }) => uploadId === null)
      await convertBodies(engine, conversion, { bucket, versions: bodies })
      for (const owner of versions) {
        if (owner.uploadId !== null) await convertParts(engine, conversion, { bucket, owner, isOpen: false })
      }
      for (const owner of uploads) await convertParts(engine, conversion, { bucket, owner, isOpen: true })
    })
    await noteMigration(engine.db, { id: migration.id, position })
  }
}

/** Whoever deletes an emptied bucket leaves nothing to convert. */
async function unlessDeleted(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'NoSuchBucket') throw error
  }
}

type Position = NonNullable<EncryptionMigration['position']>

interface Found {
  bucket: BucketToConvert
  versions: ConvertibleVersion[]
  uploads: Awaited<ReturnType<typeof listConvertibleUploads>>
  /** What to go on from once all of this is converted. */
  position: Position
}

/** Whatever is to be converted, by bucket and key, page by page; a bucket's open uploads come behind its versions. */
async function* everything(engine: Engine, work: Work & { from: Position | null }): AsyncGenerator<Found> {
  const { migration, signal, from } = work
  const { namespaceId } = migration
  let fromId = from?.bucketId ?? FIRST_ID
  for (let buckets = await pageFrom(); buckets.length > 0; buckets = await pageFrom()) {
    for (const bucket of buckets) {
      const key = bucket.id === from?.bucketId ? from.key : ''
      yield* versionsOf(engine, { ...work, bucket, key })
      yield* uploadsOf(engine, { ...work, bucket })
      if (signal.aborted) return
    }
    fromId = nextId((buckets.at(-1) as BucketToConvert).id)
  }

  function pageFrom(): Promise<BucketToConvert[]> {
    return listBucketsFrom(engine.db, { namespaceId, fromId, limit: BUCKETS_PAGE })
  }
}

/** The smallest id behind `id`. */
function nextId(id: string): string {
  const digits = (BigInt(`0x${id.replaceAll('-', '')}`) + 1n).toString(16).padStart(32, '0')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

interface InBucket extends Work {
  bucket: BucketToConvert
}

async function* versionsOf(engine: Engine, input: InBucket & { key: string }): AsyncGenerator<Found> {
  const { bucket, migration, signal } = input
  const { direction } = migration
  let after = { key: input.key, order: '-1' }
  let hasMore = true
  while (hasMore && !signal.aborted) {
    const page = await scanConvertible(engine.db, { bucketId: bucket.id, direction, after, limit: VERSIONS_PAGE })
    const versions = page.filter(({ isWanted }) => isWanted)
    after = page.at(-1) ?? after
    const position = { bucketId: bucket.id, key: after.key }
    if (versions.length > 0) yield { bucket, versions, uploads: [], position }
    hasMore = page.length === VERSIONS_PAGE
  }
}

async function* uploadsOf(engine: Engine, { bucket, migration, signal }: InBucket): AsyncGenerator<Found> {
  const { direction } = migration
  let after = { key: '', versionId: FIRST_ID }
  let hasMore = true
  while (hasMore && !signal.aborted) {
    const limit = UPLOADS_PAGE
    const uploads = await listConvertibleUploads(engine.db, { bucketId: bucket.id, direction, after, limit })
    after = uploads.at(-1) ?? after
    if (uploads.length > 0) yield { bucket, versions: [], uploads, position: { bucketId: bucket.id, key: LAST_KEY } }
    hasMore = uploads.length === UPLOADS_PAGE
  }
}

/** Behind every version of a bucket. */
const LAST_KEY = String.fromCodePoint(0x10ffff).repeat(257)

import { isDeepStrictEqual } from 'node:util'
import { DAY_MS, type Rules, uploadAbort } from '#storage-engine/buckets/lifecycle-due.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { type Judge, lifecycleAction } from '#storage-engine/jobs/lifecycle-action.ts'
import { LifecycleChanges } from '#storage-engine/jobs/lifecycle-changes.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import {
  hasDueLifecycle,
  type LifecyclePass,
  listDueLifecycles,
  openLifecyclePass,
  type ScannedVersion,
  saveLifecyclePass,
  scanVersions,
} from '#storage-engine/metadata/lifecycle.ts'
import { listUploads } from '#storage-engine/metadata/listing-uploads.ts'
import { abortUpload } from '#storage-engine/metadata/uploads.ts'

const BUCKETS_PAGE = 100
const VERSIONS_PAGE = 1_000
const UPLOADS_PAGE = 1_000
const FIRST_ID = '00000000-0000-0000-0000-000000000000'

/** Whether a run would find anything: asked often, so it costs one small query. */
export function hasLifecycleToApply({ db, config }: Engine): Promise<boolean> {
  return hasDueLifecycle(db, { since: passesSince(config) })
}

/**
 * Applies the lifecycle rules of buckets. As everything falls due at midnight UTC, each bucket is read once a day, and once
 * after a change of its rules: in the order of its keys, only where prefixes of rules lead, page by page; an interrupted
 * pass goes on where it was.
 */
export async function applyLifecycle(engine: Engine, { signal }: { signal: AbortSignal }): Promise<string> {
  const since = passesSince(engine.config)
  const changes = new LifecycleChanges(engine)
  let bucketCount = 0
  let afterId = FIRST_ID
  while (!signal.aborted) {
    const due = await listDueLifecycles(engine.db, { since, afterId, limit: BUCKETS_PAGE })
    for (const { id, name } of due) {
      const bucket = await findBucket(engine.db, { name })
      const pass = await openLifecyclePass(engine.db, { bucketId: id, since, asOf: new Date() })
      if (bucket?.id !== id || pass === null || bucket.settings.lifecycle === undefined) continue
      await applyToBucket(engine, { bucket, pass, changes, signal })
      bucketCount++
      if (signal.aborted) break
    }
    if (due.length < BUCKETS_PAGE) break
    afterId = (due.at(-1) as { id: string }).id
  }
  return `${changes.summary()} in ${bucketCount} buckets`
}

/** A pass that began earlier is over. With a shortened day every run begins new ones. */
function passesSince({ lifecycleDaySeconds }: Engine['config']): Date {
  const now = Date.now()
  return new Date(lifecycleDaySeconds * 1000 === DAY_MS ? Math.floor(now / DAY_MS) * DAY_MS : now)
}

interface Work {
  bucket: Bucket
  pass: LifecyclePass
  changes: LifecycleChanges
  signal: AbortSignal
}

async function applyToBucket(engine: Engine, work: Work): Promise<void> {
  const { bucket, pass, signal } = work
  const { lifecycle } = bucket.settings
  if (lifecycle === undefined) return
  const rules = { rules: lifecycle.rules, dayMs: engine.config.lifecycleDaySeconds * 1000 }
  const judge = { rules, now: pass.asOf.getTime(), transitionMinimum: lifecycle.transitionMinimum }
  for (const prefix of prefixesOf(rules)) {
    await abortUploads(engine, work, { prefix, judge })
    if (!(await scanPrefix(engine, work, { prefix, judge }))) return
  }
  if (!signal.aborted) await saveLifecyclePass(engine.db, { bucketId: bucket.id, key: '', isFinished: true })
}

/** Prefixes to read, in byte order; none begins with another, so no key is read twice. */
export function prefixesOf({ rules }: Pick<Rules, 'rules'>): string[] {
  const prefixes = rules.filter(({ isEnabled }) => isEnabled).map(({ filter }) => filter.prefix ?? '')
  const sorted = [...new Set(prefixes)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const kept: string[] = []
  for (const prefix of sorted) {
    const last = kept.at(-1)
    if (last === undefined || !prefix.startsWith(last)) kept.push(prefix)
  }
  return kept
}

interface Part {
  prefix: string
  judge: Judge
}

/** Resolves to false when the rules of the pass are no longer the bucket's: then nothing more may follow from them. */
async function scanPrefix(
  engine: Engine,
  { bucket: begun, pass, changes, signal }: Work,
  { prefix, judge }: Part,
): Promise<boolean> {
  let after = { key: pass.key, order: pass.key === '' ? '-1' : MAX_ORDER }
  let previous: Seen | null = null
  let hasMore = true
  while (hasMore && !signal.aborted) {
    const bucket = await findUnchanged(engine, begun)
    if (bucket === null) return false
    // One more than is judged, which tells whether the last one is alone.
    const rows = await scanVersions(engine.db, { bucketId: bucket.id, after, prefix, limit: VERSIONS_PAGE + 1 })
    hasMore = rows.length > VERSIONS_PAGE
    const page = rows.slice(0, VERSIONS_PAGE)
    for (const [index, version] of page.entries()) {
      const seen: Seen = see(version, previous)
      const isAlone = seen.newerCount === null && rows[index + 1]?.key !== version.key
      const standing = {
        noncurrentSince: seen.newerCount === null ? null : (previous as Seen).written,
        newerCount: seen.newerCount ?? 0,
        isAlone,
      }
      const action = lifecycleAction(version, standing, judge)
      if (action !== null) changes.add(bucket, version, action)
      previous = seen
    }
    await changes.apply(bucket)
    const last = page.at(-1)
    if (last === undefined) break
    after = { key: last.key, order: last.order }
    const isKeyDone = rows.at(-1)?.key !== last.key || !hasMore
    if (isKeyDone) await saveLifecyclePass(engine.db, { bucketId: bucket.id, key: last.key, isFinished: false })
  }
  return true
}

/** The bucket as it is now; null when it is gone or has other rules. */
async function findUnchanged(engine: Engine, begun: Bucket): Promise<Bucket | null> {
  const bucket = await findBucket(engine.db, { name: begun.name })
  if (bucket === null || bucket.id !== begun.id) return null
  return isDeepStrictEqual(bucket.settings.lifecycle, begun.settings.lifecycle) ? bucket : null
}

/** Behind every version of a key. */
const MAX_ORDER = '9223372036854775807'

interface Seen {
  key: string
  written: number
  /** Null for the current version. */
  newerCount: number | null
}

/** A version behind another one of its key became noncurrent when that one was written. */
function see({ key, lastModified }: ScannedVersion, previous: Seen | null): Seen {
  const written = lastModified.getTime()
  if (previous?.key !== key) return { key, written, newerCount: null }
  return { key, written, newerCount: previous.newerCount === null ? 0 : previous.newerCount + 1 }
}

async function abortUploads(engine: Engine, { bucket, changes, signal }: Work, { prefix, judge }: Part): Promise<void> {
  if (!judge.rules.rules.some(({ abortUploadsAfterDays }) => abortUploadsAfterDays !== undefined)) return
  let keyMarker = ''
  let uploadIdMarker = ''
  let isTruncated = true
  while (isTruncated && !signal.aborted) {
    const page = await listUploads(engine.db, {
      bucketId: bucket.id,
      prefix,
      delimiter: '',
      keyMarker,
      uploadIdMarker,
      limit: UPLOADS_PAGE,
    })
    for (const upload of page.entries) {
      if (upload.kind !== 'upload') continue
      const due = uploadAbort(judge.rules, upload.key, upload.createdAt.getTime())
      if (due !== null && due.at <= judge.now && (await abortIfOpen(engine, bucket, upload)))
        changes.addAbort(upload.key)
    }
    isTruncated = page.isTruncated
    keyMarker = page.nextKeyMarker ?? ''
    uploadIdMarker = page.nextUploadIdMarker ?? ''
  }
}

/** Its owner may complete or abort it in the same moment: then there is nothing left to do. */
async function abortIfOpen(
  engine: Engine,
  bucket: Bucket,
  { key, uploadId }: { key: string; uploadId: string },
): Promise<boolean> {
  try {
    await abortUpload(engine.db, { bucketId: bucket.id, key, uploadId })
    return true
  } catch (error) {
    if (error instanceof StorageError && error.code === 'NoSuchUpload') return false
    throw error
  }
}

import { bodyOf } from '#storage-engine/body.ts'
import { newLogKey } from '#storage-engine/buckets/log-key.ts'
import { accountOf, checkLogTarget } from '#storage-engine/buckets/log-target.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import {
  deleteLogRecords,
  findLogAccount,
  findLogBatch,
  hasLogRecords,
  type LogBatch,
} from '#storage-engine/metadata/log-records.ts'
import type { ObjectSettings } from '#storage-engine/object-settings.ts'
import { writeObject } from '#storage-engine/objects/write-object.ts'

/** How events name who writes logs. */
const LOG_DELIVERY = 'logging.s3.amazonaws.com'
/** Of one object. */
const SIZE_BYTES_MAX = 8 * 1024 ** 2
const ROWS_MAX = 5_000
/** Records that could not be delivered for so long are given up. */
const AGE_MS_MAX = 86_400_000
/** The target is not, or no longer, one that takes logs: no later attempt would help. */
const REFUSALS: ReadonlySet<string> = new Set([
  'InvalidTargetBucketForLogging',
  'CrossLocationLoggingProhibited',
  'NoSuchBucket',
])

/** Whether a run would find anything. */
export function hasLogsToDeliver({ db }: Engine): Promise<boolean> {
  return hasLogRecords(db)
}

/**
 * Writes what gateways recorded as objects into the target buckets. Best effort, as in S3: records may come late or, after a
 * crash, twice; those that their target refuses are dropped.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html#LogDeliveryBestEffort
 */
export async function deliverLogs(engine: Engine, { signal }: { signal: AbortSignal }): Promise<string> {
  const failedBuckets: string[] = []
  const counts = { delivered: 0, dropped: 0, objects: 0 }
  while (!signal.aborted) {
    const batch = await findLogBatch(engine.db, {
      exceptBuckets: failedBuckets,
      sizeBytesMax: SIZE_BYTES_MAX,
      rowsMax: ROWS_MAX,
    })
    if (batch === null) break
    const outcome = await deliver(engine, batch)
    if (outcome === 'failed') {
      failedBuckets.push(batch.bucketId)
      continue
    }
    await deleteLogRecords(engine.db, { ids: batch.ids })
    counts[outcome] += batch.recordCount
    if (outcome === 'delivered') counts.objects++
  }
  return `${counts.delivered} log records delivered in ${counts.objects} objects, ${counts.dropped} dropped`
}

async function deliver(engine: Engine, batch: LogBatch): Promise<'delivered' | 'dropped' | 'failed'> {
  try {
    await writeLog(engine, batch)
    return 'delivered'
  } catch (cause) {
    const isRefused = cause instanceof StorageError && REFUSALS.has(cause.code)
    const isGivenUp = isRefused || Date.now() - batch.createdAt.getTime() > AGE_MS_MAX
    const fields = { bucket: batch.bucketName, target: batch.logging.targetBucket, records: batch.recordCount }
    engine.log.warn({ ...fields, err: cause }, isGivenUp ? 'access log dropped' : 'access log not delivered')
    return isGivenUp ? 'dropped' : 'failed'
  }
}

async function writeLog(engine: Engine, batch: LogBatch): Promise<void> {
  const { bucketName, bucketOwnerId: ownerId, namespaceId, region, logging, day } = batch
  const account = await findLogAccount(engine.db, { ownerId })
  const found = await findBucket(engine.db, { name: logging.targetBucket })
  if (account === null) throw new StorageError('NoSuchBucket')
  const source = { name: bucketName, namespaceId, ownerId, region }
  const key = newLogKey({
    logging,
    source: { account: accountOf(account), region, bucketName },
    day,
    deliveredAt: Date.now(),
  })
  const target = checkLogTarget({ source, account, targetName: logging.targetBucket, target: found, key })
  await writeObject(engine, {
    bucket: target,
    key,
    body: bodyOf(Buffer.from(batch.lines, 'latin1')),
    ownerId: target.ownerId,
    contentType: 'text/plain',
    systemHeaders: null,
    userMetadata: null,
    contentMd5: null,
    checksum: null,
    precondition: null,
    settings: settingsOf(target, batch),
    lock: null,
    encryption: { kind: 'default' },
    event: { name: 'ObjectCreated:Put', origin: { principalId: LOG_DELIVERY, sourceIp: null, requestId: newId() } },
  })
}

/** The target's owner owns the logs; others may see them as far as the configuration grants it. */
function settingsOf(target: Bucket, { logging }: LogBatch): ObjectSettings | null {
  const { targetGrants = [] } = logging
  if (targetGrants.length === 0 || target.settings.ownership === 'BucketOwnerEnforced') return null
  const own = { grantee: { kind: 'user', id: target.ownerId }, permission: 'FULL_CONTROL' } as const
  return { acl: [own, ...targetGrants] }
}

import { randomBytes } from 'node:crypto'
import { type AccessLogRecord, accessLogFields } from '#storage-engine/buckets/access-log-record.ts'
import type { Engine } from '#storage-engine/engine.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { findLogAccount, insertLogRecords, logRecordsOf } from '#storage-engine/metadata/log-records.ts'

/** What rules did to an object or an upload, as access logs tell it. */
export interface LifecycleDeed {
  operation: string
  key: string
  versionId: string | null
  size: number | null
}

/** Access logs tell the classes apart by these; an installation's own stand there as they are called. */
const CLASSES: ReadonlyMap<string, string> = new Map([
  ['STANDARD_IA', '_SIA'],
  ['ONEZONE_IA', '_ZIA'],
  ['INTELLIGENT_TIERING', '_INT'],
  ['GLACIER_IR', '_GIR'],
  ['GLACIER', ''],
  ['DEEP_ARCHIVE', '_GDA'],
])

const UNKNOWN: Omit<AccessLogRecord, 'bucketName' | 'receivedAt' | 'requestId' | 'operation' | 'key'> = {
  remoteIp: null,
  requester: 'AmazonS3',
  request: null,
  status: null,
  errorCode: null,
  bytesSent: null,
  objectSize: null,
  totalMs: null,
  turnAroundMs: null,
  referer: null,
  userAgent: null,
  versionId: null,
  hostId: null,
  signatureVersion: null,
  cipherSuite: null,
  authType: null,
  hostHeader: null,
  tlsVersion: null,
  isAclRequired: false,
}

export function transitionOperation(storageClass: string): string {
  return `S3.TRANSITION${CLASSES.get(storageClass) ?? `_${storageClass}`}.OBJECT`
}

/**
 * Records in the bucket's access log, if it has one, what rules did to it: nobody asked for it, so most fields are unknown.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-and-other-bucket-config.html#lifecycle-general-considerations-logging
 */
export async function logLifecycle(engine: Engine, bucket: Bucket, deeds: readonly LifecycleDeed[]): Promise<void> {
  const { logging } = bucket.settings
  if (logging === undefined || deeds.length === 0) return
  const account = await findLogAccount(engine.db, { ownerId: bucket.ownerId })
  const now = Date.now()
  const lines = deeds.map(({ operation, key, versionId, size }) => {
    const requestId = randomBytes(8).toString('hex').toUpperCase()
    const deed = { bucketName: bucket.name, receivedAt: now, requestId, operation, key, versionId, objectSize: size }
    return `${account?.canonicalId ?? '-'} ${accessLogFields({ ...UNKNOWN, ...deed })}\n`
  })
  const day = new Date(now).toISOString().slice(0, 10)
  await insertLogRecords(engine.db, [logRecordsOf(bucket, { logging, day, lines })])
}

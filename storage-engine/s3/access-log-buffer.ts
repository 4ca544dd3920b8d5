import type { LoggingConfiguration } from '#storage-engine/bucket-settings.ts'
import type { Engine } from '#storage-engine/engine.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { insertLogRecords, type LogRecords, logRecordsOf } from '#storage-engine/metadata/log-records.ts'
import type { OwnerDirectory } from '#storage-engine/s3/owner-directory.ts'

/** Of records that wait; while Postgres is away, what comes beyond is lost. */
const WAITING_BYTES_MAX = 16 * 1024 ** 2

/** Records of a process until Postgres has them. */
export interface AccessLogBuffer {
  /** `fields` are a record without the bucket's owner. Never waits: what finds no room is lost, and counted. */
  add(bucket: Bucket, record: { receivedAt: number; fields: string }): void
  /** Hands over what is left; what Postgres does not take then is lost. */
  close(): Promise<void>
}

/** Records with the same bucket, target and day. */
interface Group {
  bucket: Bucket
  logging: LoggingConfiguration
  day: string
  records: string[]
}

/**
 * Collects records for a moment and hands them to Postgres together, one row a bucket. Idle, it does nothing at all.
 */
export function createAccessLogBuffer(
  engine: Pick<Engine, 'db' | 'log'>,
  { owners, intervalMs }: { owners: OwnerDirectory; intervalMs: number },
): AccessLogBuffer {
  let groups: Group[] = []
  /** Settings are one object as long as they do not change, so this tells buckets and targets apart. */
  let latest = new Map<LoggingConfiguration, Group>()
  let waitingBytes = 0
  let lostCount = 0
  let timer: NodeJS.Timeout | null = null
  let flight: Promise<void> = Promise.resolve()
  return { add, close }

  function add(bucket: Bucket, { receivedAt, fields }: { receivedAt: number; fields: string }): void {
    if (waitingBytes + fields.length > WAITING_BYTES_MAX) {
      lostCount++
      return
    }
    waitingBytes += fields.length
    groupOf(bucket, new Date(receivedAt).toISOString().slice(0, 10)).records.push(fields)
    timer ??= setTimeout(flush, intervalMs)
  }

  function groupOf(bucket: Bucket, day: string): Group {
    const logging = bucket.settings.logging as LoggingConfiguration
    const known = latest.get(logging)
    if (known?.day === day) return known
    const group: Group = { bucket, logging, day, records: [] }
    groups.push(group)
    latest.set(logging, group)
    return group
  }

  function flush(): Promise<void> {
    if (timer !== null) clearTimeout(timer)
    timer = null
    flight = flight.then(handOver)
    return flight
  }

  async function handOver(): Promise<void> {
    const taken = groups
    const takenBytes = waitingBytes
    if (taken.length === 0) return
    groups = []
    latest = new Map()
    try {
      await insertLogRecords(engine.db, await toRows(taken, owners))
      waitingBytes -= takenBytes
      reportLost()
    } catch (cause) {
      // Postgres is away: the next flush takes these along.
      groups = [...taken, ...groups]
      engine.log.warn({ err: cause, groups: groups.length }, 'access log records have to wait')
      timer ??= setTimeout(flush, intervalMs)
    }
  }

  function reportLost(): void {
    if (lostCount > 0) engine.log.warn({ count: lostCount }, 'access log records were lost')
    lostCount = 0
  }

  async function close(): Promise<void> {
    await flush()
    if (timer !== null) clearTimeout(timer)
    lostCount += groups.reduce((sum, { records }) => sum + records.length, 0)
    reportLost()
  }
}

async function toRows(groups: readonly Group[], owners: OwnerDirectory): Promise<LogRecords[]> {
  const known = await owners.findOwners(groups.map(({ bucket }) => bucket.ownerId))
  return groups.map(({ bucket, logging, day, records }) => {
    const owner = known.get(bucket.ownerId)?.canonicalId ?? '-'
    return logRecordsOf(bucket, { logging, day, lines: records.map((fields) => `${owner} ${fields}\n`) })
  })
}

import { randomBytes } from 'node:crypto'
import type { LoggingConfiguration } from '#storage-engine/bucket-settings.ts'

export interface LogKeyInput {
  logging: Pick<LoggingConfiguration, 'targetPrefix' | 'keyFormat'>
  /** Of the bucket whose requests are logged. */
  source: { account: string; region: string; bucketName: string }
  /** `2026-11-22`: when the requests came, in UTC. */
  day: string
  /** Milliseconds since the epoch. */
  deliveredAt: number
}

/**
 * A new key for an object of log records: prefix, for a partitioned format where the requests went and when, then
 * `YYYY-mm-DD-HH-MM-SS-` and something unique. By event time, the time of day is left out, as it differs within an object.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html#server-log-keyname-format
 */
export function newLogKey({ logging, source, day, deliveredAt }: LogKeyInput): string {
  const { targetPrefix, keyFormat = 'simple' } = logging
  const delivered = new Date(deliveredAt).toISOString()
  const [date, time] =
    keyFormat === 'partitioned-event-time'
      ? [day, '00-00-00']
      : [delivered.slice(0, 10), delivered.slice(11, 19).replaceAll(':', '-')]
  const { account, region, bucketName } = source
  const partition = keyFormat === 'simple' ? '' : `${account}/${region}/${bucketName}/${date.replaceAll('-', '/')}/`
  return `${targetPrefix}${partition}${date}-${time}-${randomBytes(8).toString('hex').toUpperCase()}`
}

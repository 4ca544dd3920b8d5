import type { ObjectLockConfiguration } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** A hundred years. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html */
export const DAYS_MAX = 36_500
export const YEARS_MAX = 100

/** Throws MalformedXML and InvalidRetentionPeriod unless a bucket may have this default retention. */
export function checkDefaultRetention({ days, years }: NonNullable<ObjectLockConfiguration['defaultRetention']>): void {
  if ((days === undefined) === (years === undefined)) throw new StorageError('MalformedXML')
  const period = days ?? (years as number)
  if (!Number.isSafeInteger(period) || period <= 0) {
    throw new StorageError('InvalidRetentionPeriod', {
      message: 'Default retention period must be a positive integer value.',
    })
  }
  if ((days ?? 0) > DAYS_MAX || (years ?? 0) > YEARS_MAX) {
    throw new StorageError('InvalidRetentionPeriod', { message: 'Default retention period is too large.' })
  }
}

/** Throws InvalidRequest when a bucket without object lock is asked for anything that needs it. */
export function expectObjectLock({ settings }: { settings: { objectLock?: ObjectLockConfiguration } }): void {
  if (settings.objectLock === undefined) {
    throw new StorageError('InvalidRequest', { message: 'Bucket is missing Object Lock Configuration' })
  }
}

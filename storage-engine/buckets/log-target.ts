import { type LogSource, mayDeliverLogs } from '#storage-engine/auth/log-delivery.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { LogAccount } from '#storage-engine/metadata/log-records.ts'

/** What is logged, and what that needs of the bucket which takes the logs. */
export interface LogRoute {
  source: Pick<Bucket, 'name' | 'namespaceId' | 'ownerId' | 'region'>
  /** Of the source's owner. */
  account: LogAccount
  targetName: string
  /** Null: it does not exist. */
  target: Bucket | null
  /** That will be written into the target. */
  key: string
}

/**
 * The target, once all holds that logs need. Throws InvalidTargetBucketForLogging and CrossLocationLoggingProhibited unless the target exists, is in the region and
 * the namespace of the source, keeps nothing by default, asks nobody to pay, and lets the log delivery service write.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
 */
export function checkLogTarget({ source, account, targetName, target, key }: LogRoute): Bucket {
  const refuse = (message: string) =>
    new StorageError('InvalidTargetBucketForLogging', { message, extra: { TargetBucket: targetName } })
  if (target === null) throw refuse('The target bucket for logging does not exist')
  if (target.namespaceId !== source.namespaceId) {
    throw refuse('The owner for the bucket to be logged and the target bucket must be the same.')
  }
  if (target.region !== source.region) {
    throw new StorageError('CrossLocationLoggingProhibited', {
      extra: { SourceBucketLocation: source.region, TargetBucketLocation: target.region, TargetBucket: targetName },
    })
  }
  if (target.settings.objectLock?.defaultRetention !== undefined) {
    throw refuse('The target bucket must not have a default retention period.')
  }
  if (target.settings.payer === 'Requester') throw refuse('The target bucket must not have Requester Pays enabled.')
  if (!mayDeliverLogs({ source: logSource(source, account), target, key })) {
    throw refuse('You must give the log-delivery group WRITE and READ_ACP permissions to the target bucket')
  }
  return target
}

function logSource({ name, ownerId }: LogRoute['source'], account: LogAccount): LogSource {
  return { bucketName: name, ownerId, accounts: [account.accountId, account.namespaceName, account.canonicalId] }
}

/** How keys name the account: its id, or the namespace where accounts have none. */
export function accountOf({ accountId, namespaceName }: LogAccount): string {
  return accountId === '' ? namespaceName : accountId
}

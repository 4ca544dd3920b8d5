import type { LoggingConfiguration } from '#storage-engine/bucket-settings.ts'
import { newLogKey } from '#storage-engine/buckets/log-key.ts'
import { accountOf, checkLogTarget } from '#storage-engine/buckets/log-target.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { findLogAccount } from '#storage-engine/metadata/log-records.ts'

const KEY_BYTES_MAX = 1024

/**
 * Has the requests to a bucket logged, once it is sure that a log could be delivered now. Throws what checkLogTarget throws,
 * AccessControlListNotSupported for grants on logs where there are no ACLs, InvalidArgument for a prefix that is too long.
 */
export async function setLogging(
  engine: Engine,
  { bucket, logging }: { bucket: Bucket; logging: LoggingConfiguration },
): Promise<void> {
  const { ownerId, region, name: bucketName } = bucket
  const account = await findLogAccount(engine.db, { ownerId })
  if (account === null) throw new StorageError('NoSuchBucket')
  const deliveredAt = Date.now()
  const source = { account: accountOf(account), region, bucketName }
  const key = newLogKey({ logging, source, day: new Date(deliveredAt).toISOString().slice(0, 10), deliveredAt })
  if (Buffer.byteLength(key) > KEY_BYTES_MAX) {
    throw new StorageError('InvalidArgument', {
      message: 'Keys with this target prefix would be too long.',
      extra: { ArgumentName: 'TargetPrefix', ArgumentValue: logging.targetPrefix },
    })
  }
  const found = await findBucket(engine.db, { name: logging.targetBucket })
  const target = checkLogTarget({ source: bucket, account, targetName: logging.targetBucket, target: found, key })
  if (logging.targetGrants !== undefined && target.settings.ownership === 'BucketOwnerEnforced') {
    throw new StorageError('AccessControlListNotSupported')
  }
  await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'logging', value: logging })
}

import type { BucketSettings } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import type { Bucket } from '#storage-engine/metadata/known-buckets.ts'

type SettingChange = {
  [Name in keyof BucketSettings]-?: { bucketId: string; name: Name; value: Required<BucketSettings>[Name] | null }
}[keyof BucketSettings]

/**
 * Sets one setting of a bucket, or removes it when `value` is null; the others stay as they are. Every look-up that starts
 * later sees it. Throws NoSuchBucket, and InvalidBucketState for an object lock on a bucket whose versioning is not enabled.
 */
export async function setBucketSetting(db: Queryable, { bucketId, name, value }: SettingChange): Promise<void> {
  const [answer] = await db.query<{ isFound: boolean; isSet: boolean }>({
    name: 'set-bucket-setting',
    // The row lock of the update keeps two changes apart; each works on what the other left.
    text: `
with found as (select id from buckets where id = $1),
changed as (
  update buckets set settings_version = settings_version + 1,
    settings = case when $3::jsonb is null then settings - $2::text else settings || jsonb_build_object($2::text, $3::jsonb) end
  where id = $1 and ($2 <> 'objectLock' or versioning = 'enabled') returning id)
select exists (select from found) as "isFound", exists (select from changed) as "isSet"`,
    values: [bucketId, name, value === null ? null : JSON.stringify(value)],
  })
  if (answer?.isFound !== true) throw new StorageError('NoSuchBucket')
  if (!answer.isSet) {
    throw new StorageError('InvalidBucketState', {
      message: "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
    })
  }
}

/**
 * Switches versioning. Writes that are under way may still end under the rule before; later ones follow the new one.
 * Throws NoSuchBucket, and InvalidBucketState when a bucket with object lock would be suspended.
 */
export async function setBucketVersioning(
  db: Queryable,
  { bucketId, versioning }: { bucketId: string; versioning: Exclude<Bucket['versioning'], 'unversioned'> },
): Promise<void> {
  const [answer] = await db.query<{ isFound: boolean; isSet: boolean }>({
    name: 'set-bucket-versioning',
    text: `
with found as (select id from buckets where id = $1),
changed as (
  update buckets set versioning = $2 where id = $1 and ($2 = 'enabled' or not settings ? 'objectLock') returning id)
select exists (select from found) as "isFound", exists (select from changed) as "isSet"`,
    values: [bucketId, versioning],
  })
  if (answer?.isFound !== true) throw new StorageError('NoSuchBucket')
  if (!answer.isSet) {
    throw new StorageError('InvalidBucketState', {
      message: 'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    })
  }
}

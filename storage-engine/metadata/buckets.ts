import type { BucketSettings } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Database, Queryable } from '#storage-engine/metadata/database.ts'
import type { Bucket } from '#storage-engine/metadata/known-buckets.ts'

export type { Bucket }

/** The bucket and its namespace's switch as they are now; one look-up, shared with whoever asks at the same time. */
export function findBucket(db: Database, { name }: { name: string }): Promise<Bucket | null> {
  return name.includes('\0') ? Promise.resolve(null) : db.lookUps.buckets.submit(name)
}

export interface NewBucket {
  id: string
  namespaceId: string
  ownerId: string
  name: string
  region: string
  /** None when absent. */
  settings?: BucketSettings
  /** `unversioned` when absent. */
  versioning?: Bucket['versioning']
}

/** Resolves to false when the name is taken. Throws NoSuchNamespace. */
export async function insertBucket(db: Queryable, bucket: NewBucket): Promise<boolean> {
  const { id, namespaceId, ownerId, name, region, settings = {}, versioning = 'unversioned' } = bucket
  const hasSettings = Object.keys(settings).length > 0
  const [answer] = await db.query<{ owners: number; inserted: number }>({
    name: 'insert-bucket',
    // The unique name decides between two creators. Version 0 of the settings says that there are none.
    text: `
with owner as (select id, namespace_id from object_users where id = $3 and namespace_id = $2),
inserted as (
  insert into buckets (id, namespace_id, owner_id, name, region, settings, settings_version, versioning)
  select $1, namespace_id, id, $4, $5, $6, $7, $8 from owner
  on conflict (name) do nothing returning id)
select (select count(*) from owner)::integer as owners, (select count(*) from inserted)::integer as inserted`,
    values: [id, namespaceId, ownerId, name, region, JSON.stringify(settings), hasSettings ? 1 : 0, versioning],
  })
  if (answer?.owners !== 1) throw new StorageError('NoSuchNamespace')
  return answer.inserted === 1
}

/** Removes an empty bucket; its open uploads end as garbage. Throws NoSuchBucket, BucketNotEmpty. */
export async function deleteBucket(
  db: Queryable,
  { namespaceId, bucketId }: { namespaceId: string; bucketId: string },
): Promise<void> {
  await db.transaction(async (tx) => {
    // Every write holds the bucket FOR KEY SHARE: after this lock none is under way, and later ones find no bucket.
    const locked = await tx.query({
      name: 'lock-bucket',
      text: 'select id from buckets where id = $1 and namespace_id = $2 for update',
      values: [bucketId, namespaceId],
    })
    if (locked.length === 0) throw new StorageError('NoSuchBucket')
    // A statement of its own, so that its snapshot is younger than the lock.
    const left = await tx.query({
      name: 'find-any-version',
      text: 'select key from object_versions where bucket_id = $1 limit 1',
      values: [bucketId],
    })
    if (left.length > 0) throw new StorageError('BucketNotEmpty')
    await tx.query({
      name: 'delete-bucket',
      text: `
with abandoned as (update uploads set state = 'aborted' where bucket_id = $1 and state = 'open' returning id),
freed as (insert into garbage_uploads (upload_id) select id from abandoned on conflict do nothing),
folded as (delete from bucket_usage where bucket_id = $1),
uncounted as (delete from usage_deltas where bucket_id = $1),
passed as (delete from lifecycle_passes where bucket_id = $1)
delete from buckets where id = $1`,
      values: [bucketId],
    })
  })
}

export interface ListBuckets {
  namespaceId: string
  /** Only this owner's. */
  ownerId?: string
  prefix: string
  /** Exclusive; '' begins at the start. */
  after: string
  limit: number
}

/** By name in byte order, at most `limit`. */
export async function listBuckets(
  db: Queryable,
  { namespaceId, ownerId, prefix, after, limit }: ListBuckets,
): Promise<Bucket[]> {
  const rows = await db.query<Bucket>({
    name: 'list-buckets',
    text: `
select b.id, b.name, b.namespace_id as "namespaceId", n.name as "namespaceName", n.account_id as "accountId", b.owner_id as "ownerId", b.region, b.versioning, b.settings,
  b.created_at as "createdAt", n.encryption_mode as "encryptionMode", n.encryption_epoch as "encryptionEpoch", n.key_epoch as "keyEpoch", n.shred_state as "shredState",
  coalesce(e.epoch, 0)::integer as "iamEpoch"
from buckets b join namespaces n on n.id = b.namespace_id left join iam_epochs e on e.namespace_id = n.id
where b.namespace_id = $1 and ($2::uuid is null or b.owner_id = $2) and starts_with(b.name, $3) and b.name > $4
order by b.name limit $5`,
    values: [namespaceId, ownerId ?? null, prefix, after, limit],
  })
  return rows
}

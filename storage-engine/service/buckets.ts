import { type Actor, type NamespacePermission, requirePermission } from '#storage-engine/accounts/actor.ts'
import { audited } from '#storage-engine/accounts/audited.ts'
import { createBucket as makeBucket } from '#storage-engine/buckets/create-bucket.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { getRootObjectUser } from '#storage-engine/metadata/accounts.ts'
import {
  type BucketOverview,
  type BucketSort,
  findBucketOverview,
  listBucketOverviews,
} from '#storage-engine/metadata/bucket-overviews.ts'
import { type Bucket, findBucket, deleteBucket as removeBucket } from '#storage-engine/metadata/buckets.ts'
import { decodeCursor, encodeCursor } from '#storage-engine/service/cursor.ts'

export interface ListBucketsInput {
  namespace: string
  search: string
  sort: BucketSort
  order: 'asc' | 'desc'
  cursor?: string | undefined
  limit: number
}

/** Throws NoSuchNamespace, AccessDenied, InvalidArgument for a cursor that is not one. */
export async function listBuckets(engine: Engine, actor: Actor, input: ListBucketsInput) {
  const { namespaceId } = requirePermission(actor, input.namespace, 'object-storage_read')
  const { search, sort, order, cursor, limit } = input
  const [sortValue, name] = cursor === undefined ? [] : decodeCursor(cursor, ['number', 'string'])
  const after = sortValue === undefined || name === undefined ? null : { sortValue, name }
  const rows = await listBucketOverviews(engine.db, { namespaceId, search, sort, order, after, limit: limit + 1 })
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return {
    buckets: page.map(describe),
    nextCursor: last === undefined ? null : encodeCursor([last.sortValue, last.name]),
  }
}

/** Throws NoSuchNamespace, AccessDenied, NoSuchBucket. */
export async function getBucket(engine: Engine, actor: Actor, input: { namespace: string; bucket: string }) {
  const { namespaceId } = requirePermission(actor, input.namespace, 'object-storage_read')
  const overview = await findBucketOverview(engine.db, { namespaceId, name: input.bucket })
  if (overview === null) throw new StorageError('NoSuchBucket')
  return describe(overview)
}

/** The bucket belongs to the namespace's root. Throws InvalidBucketName, BucketAlreadyExists, BucketAlreadyOwnedByYou. */
export async function createBucket(engine: Engine, actor: Actor, input: { namespace: string; name: string }) {
  const { namespaceId } = requirePermission(actor, input.namespace, 'object-storage_write')
  await audited(engine, actor, { namespaceId, action: 'bucket.create', target: input.name }, async () => {
    const { id: ownerId } = await getRootObjectUser(engine.db, { namespaceId })
    await makeBucket(engine, { namespaceId, ownerId, name: input.name, region: engine.config.region })
  })
  return getBucket(engine, actor, { namespace: input.namespace, bucket: input.name })
}

/** `confirm` is the bucket's exact name. Throws ConfirmationMismatch, NoSuchBucket, BucketNotEmpty. */
export async function deleteBucket(
  engine: Engine,
  actor: Actor,
  input: { namespace: string; bucket: string; confirm: string },
): Promise<void> {
  const bucket = await requireBucket(engine, actor, input, 'object-storage_write')
  const { namespaceId } = bucket
  const act = { namespaceId, action: 'bucket.delete', target: bucket.name }
  await audited(engine, actor, act, async () => {
    if (input.confirm !== bucket.name) throw new StorageError('ConfirmationMismatch')
    await removeBucket(engine.db, { namespaceId, bucketId: bucket.id })
  })
}

/**
 * The bucket of that name inside of the namespace, when the actor has the permission there. A bucket of another namespace
 * is NoSuchBucket, as one that does not exist.
 */
export async function requireBucket(
  engine: Engine,
  actor: Actor,
  input: { namespace: string; bucket: string },
  permission: NamespacePermission,
): Promise<Bucket> {
  const { namespaceId } = requirePermission(actor, input.namespace, permission)
  const bucket = await findBucket(engine.db, { name: input.bucket })
  if (bucket === null || bucket.namespaceId !== namespaceId) throw new StorageError('NoSuchBucket')
  return bucket
}

function describe(overview: BucketOverview) {
  const { name, region, versioning, objectCount, sizeBytes, sealedBytes, encryptionMode } = overview
  return {
    name,
    region,
    versioning,
    objectCount,
    sizeBytes,
    createdAt: overview.createdAt.toISOString(),
    encryption: { mode: encryptionMode, coverage: { sealedBytes, plainBytes: sizeBytes - sealedBytes } },
  }
}

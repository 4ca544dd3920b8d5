import type { BucketSettings } from '#storage-engine/bucket-settings.ts'
import { checkBucketName } from '#storage-engine/buckets/bucket-name.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import { type Bucket, findBucket, insertBucket } from '#storage-engine/metadata/buckets.ts'
import { getNamespace } from '#storage-engine/metadata/namespaces.ts'

export interface CreateBucketInput {
  namespaceId: string
  ownerId: string
  name: string
  region: string
  settings?: BucketSettings
  versioning?: Bucket['versioning']
}

/**
 * Makes a bucket; its name is unique within the whole service.
 * Throws InvalidBucketName, BucketAlreadyOwnedByYou (same owner) and BucketAlreadyExists (anybody else's).
 */
export async function createBucket(engine: Engine, input: CreateBucketInput): Promise<Bucket> {
  const namespace = await getNamespace(engine.db, { id: input.namespaceId })
  checkBucketName(input.name, { relaxed: namespace.relaxedBucketNames })
  const isNew = await insertBucket(engine.db, { id: newId(), ...input })
  const bucket = await findBucket(engine.db, { name: input.name })
  if (isNew && bucket !== null) return bucket
  const isOwn = bucket?.ownerId === input.ownerId && bucket.namespaceId === input.namespaceId
  throw new StorageError(isOwn ? 'BucketAlreadyOwnedByYou' : 'BucketAlreadyExists', {
    extra: { BucketName: input.name },
  })
}

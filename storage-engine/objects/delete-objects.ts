import type { Engine } from '#storage-engine/engine.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { deleteObjects as deleteRows } from '#storage-engine/metadata/object-versions.ts'

/** Removes the current versions of keys; a key that is not there is no error. Bytes go later, with the garbage. */
export async function deleteObjects(engine: Engine, input: { bucket: Bucket; keys: string[] }): Promise<void> {
  await deleteRows(engine.db, { bucketId: input.bucket.id, keys: input.keys })
}

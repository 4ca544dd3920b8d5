import type { Engine } from '#storage-engine/engine.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { updateVersion } from '#storage-engine/metadata/update-version.ts'
import type { ObjectLock, ObjectSettings } from '#storage-engine/object-settings.ts'
import { type EventName, type EventOrigin, pendingEvents } from '#storage-engine/objects/object-event.ts'

export interface UpdateObjectInput {
  bucket: Bucket
  key: string
  /** As S3 shows it; null is the current version. */
  versionId: string | null
  /** What others may hear of the change; absent when nobody does. */
  event?: UpdateEvent
}

export interface UpdateEvent {
  /** In the order in which they are noted. */
  names: readonly EventName[]
  origin: EventOrigin
  /** Parts of the record that only such events have. */
  extra?: Record<string, unknown>
}

/**
 * Changes the settings of a version (tags, ACL, …) by what they are at that moment; null is none. Resolves to the version
 * id for the answer: null in a bucket that was never versioned. Throws NoSuchKey, NoSuchVersion, MethodNotAllowed (a
 * delete marker), and what `change` throws: then nothing has changed.
 */
export function updateObjectSettings(
  engine: Engine,
  input: UpdateObjectInput & { change: (settings: ObjectSettings | null, ownerId: string) => ObjectSettings | null },
): Promise<string | null> {
  return update(engine, input, ({ lock, settings, ownerId }) => ({ lock, settings: input.change(settings, ownerId) }))
}

/**
 * Changes the lock of a version. `change` judges by the lock as it is and by Postgres' clock, and throws to refuse; nothing
 * else changes the version meanwhile, and no delete of it passes. Resolves and throws as `updateObjectSettings`.
 */
export function updateObjectLock(
  engine: Engine,
  input: UpdateObjectInput & { change: (lock: ObjectLock | null, now: Date) => ObjectLock | null },
): Promise<string | null> {
  return update(engine, input, ({ lock, settings, now }) => ({ settings, lock: input.change(lock, now) }))
}

async function update(
  engine: Engine,
  { bucket, key, versionId, event }: UpdateObjectInput,
  change: Parameters<typeof updateVersion>[1]['change'],
): Promise<string | null> {
  const pending = event && pendingEvents(bucket, { key, ...event })
  const updated = await updateVersion(engine.db, {
    bucketId: bucket.id,
    key,
    versionId,
    change,
    ...(event && pending && { event: { names: event.names, pending } }),
  })
  return bucket.versioning === 'unversioned' ? null : updated
}

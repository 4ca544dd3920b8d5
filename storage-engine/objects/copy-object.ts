import type { ChecksumAlgorithm } from '#storage-engine/body.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import type { ObjectLock, ObjectSettings } from '#storage-engine/object-settings.ts'
import type { CustomerKey, RequestedEncryption } from '#storage-engine/objects/encryption.ts'
import type { ObjectEvent } from '#storage-engine/objects/object-event.ts'
import { readObject } from '#storage-engine/objects/read-object.ts'
import { bodyFrom } from '#storage-engine/objects/rewrite-blob.ts'
import { BODY_BYTES_MAX } from '#storage-engine/objects/write-body.ts'
import {
  type ObjectDescription,
  type WritePrecondition,
  type WrittenObject,
  writeObject,
} from '#storage-engine/objects/write-object.ts'

export interface CopyObjectInput {
  source: { bucket: Bucket; object: ObjectVersion; customerKey?: CustomerKey }
  target: ObjectDescription & {
    bucket: Bucket
    key: string
    ownerId: string
    /** Asked for by the client; null keeps the source's algorithm. */
    checksumAlgorithm: ChecksumAlgorithm | null
    precondition: WritePrecondition | null
    settings: ObjectSettings | null
    lock: ObjectLock | null
    encryption: RequestedEncryption
    event?: ObjectEvent | undefined
  }
}

/**
 * Copies bytes, because each version is sealed for itself: a copy between namespaces is sealed by the target's keys.
 * Throws InvalidRequest for a source over 5 GiB, and what writeObject throws.
 */
export async function copyObject(engine: Engine, { source, target }: CopyObjectInput): Promise<WrittenObject> {
  const { object } = source
  if (object.size > BODY_BYTES_MAX) {
    throw new StorageError('InvalidRequest', {
      message: 'The specified copy source is larger than the maximum allowable size for a copy source: 5368709120',
    })
  }
  const algorithm = target.checksumAlgorithm ?? (object.checksum?.algorithm as ChecksumAlgorithm | undefined) ?? null
  return writeObject(engine, {
    ...target,
    body: bodyFrom(readObject(engine, { ...source, range: null }), object.size),
    contentMd5: null,
    checksum: algorithm === null ? null : { algorithm, value: null },
  })
}

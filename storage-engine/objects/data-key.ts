import type { KeyObject } from 'node:crypto'
import type { Engine } from '#storage-engine/engine.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'

/** The data key of one object version, open and wrapped. */
export interface VersionKey {
  key: KeyObject | Buffer
  wrapped: Buffer
  namespaceKeyVersion: number
}

/** Makes a new data key for an object version. Throws ServiceUnavailable when the keys cannot be reached: never plaintext instead. */
export function dataKeyFor(
  engine: Engine,
  input: { bucket: Bucket; versionId: string },
): VersionKey | Promise<VersionKey> {
  const { bucket, versionId } = input
  return engine.keyring.createDataKey({ namespaceId: bucket.namespaceId, bucketId: bucket.id, versionId })
}

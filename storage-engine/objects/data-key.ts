import type { KeyObject } from 'node:crypto'
import { hkdfExpand } from '#storage-engine/crypto/hkdf.ts'
import type { SecondKey } from '#storage-engine/crypto/keyring.ts'
import type { Engine } from '#storage-engine/engine.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { ObjectEncryption } from '#storage-engine/object-settings.ts'

export type { SecondKey }

/** Specified in docs/formats/keys.md. A part that is sent again must get the ETag that it had, so this may never change. */
const ETAG_PURPOSE = Buffer.from('sceau/etag1\0')
const ETAG_BYTES = 16

/** The data key of one object version, open and wrapped. */
export interface VersionKey {
  key: KeyObject
  wrapped: Buffer
  namespaceKeyVersion: number
}

export interface DataKeyInput {
  bucket: Pick<Bucket, 'id' | 'namespaceId' | 'keyEpoch'>
  versionId: string
  second: SecondKey | null
  /** Bytes of the only body; null when nobody knows, and when there may be several. */
  size: number | null
}

/**
 * A data key for a new object version: one that small objects of the bucket share, or one of its own. Throws
 * ServiceUnavailable when the keys cannot be reached: never plaintext instead.
 */
export function dataKeyFor(engine: Engine, input: DataKeyInput): VersionKey | Promise<VersionKey> {
  const { bucket, versionId, second, size } = input
  const { namespaceId, id: bucketId, keyEpoch } = bucket
  const isSmall = size !== null && size <= engine.config.smallObjectBytes
  if (isSmall && second === null) return engine.keyring.shareDataKey({ namespaceId, bucketId, keyEpoch })
  return engine.keyring.createDataKey({ namespaceId, bucketId, versionId, second, keyEpoch })
}

/** An open data key wrapped anew, since the bucket has a younger key epoch than the one that it was made under. */
export async function wrapAnew(
  engine: Engine,
  input: { bucket: Bucket; versionId: string; second: SecondKey | null; versionKey: VersionKey },
): Promise<VersionKey> {
  const { bucket, versionId, second, versionKey } = input
  const { namespaceId, id: bucketId, keyEpoch } = bucket
  return engine.keyring.wrapDataKey({ namespaceId, bucketId, versionId, second, keyEpoch, key: versionKey.key })
}

/**
 * The ETag of a body or part: the MD5 of its plaintext, unless it is sealed with a second key. Then it is keyed, so that it
 * tells nothing to whoever has only the database; AWS's is no MD5 then either.
 */
export function etagOf(md5: string, sealed: { key: KeyObject; encryption: ObjectEncryption | null } | null): string {
  const kind = sealed?.encryption?.kind
  if (sealed === null || (kind !== 'kms' && kind !== 'customer')) return md5
  return hkdfExpand(sealed.key, [ETAG_PURPOSE, Buffer.from(md5, 'hex')], ETAG_BYTES).toString('hex')
}

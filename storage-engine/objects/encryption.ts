import type { KeyObject } from 'node:crypto'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { ObjectEncryption, ObjectSettings } from '#storage-engine/object-settings.ts'
import type { SecondKey } from '#storage-engine/objects/data-key.ts'
import { chooseNamedKey, openNamedKey } from '#storage-engine/objects/named-key.ts'
import { expectWritable } from '#storage-engine/objects/shredded-namespace.ts'

/** How a client wants a version to be sealed. Whatever it says, the namespace's mode is the least that is done. */
export type RequestedEncryption =
  /** As the bucket's configuration says, if it has one. */
  | { kind: 'default' }
  | { kind: 's3' }
  /** Null for the default key, and for the bucket's own wish. */
  | { kind: 'kms'; reference: string | null; isBucketKeyEnabled: boolean | null; context: string | null }
  | { kind: 'customer'; key: KeyObject }

/** The key that a client brought with its request, for SSE-C; none when it brought none. */
export type CustomerKey = KeyObject | null | undefined

/** What a write does: `encryption` is written down with the version, `second` is needed to open its data key. */
export interface EncryptionPlan {
  encryption: ObjectEncryption | null
  second: SecondKey | null
}

const NOTHING_ASKED: EncryptionPlan = { encryption: null, second: null }
const SSE_S3: EncryptionPlan = { encryption: { kind: 's3' }, second: null }

/**
 * What request and bucket together come to. Without a promise unless a named key has to be looked up.
 * Throws AccessDenied for a kind that the bucket's configuration blocks and for a namespace that is being shredded, and what
 * chooseNamedKey throws.
 */
export function planEncryption(
  engine: Engine,
  { bucket, requested }: { bucket: Bucket; requested: RequestedEncryption },
): EncryptionPlan | Promise<EncryptionPlan> {
  expectWritable(bucket)
  const { encryption: byDefault } = bucket.settings
  const { namespaceId } = bucket
  switch (requested.kind) {
    case 'default': {
      if (byDefault === undefined) return NOTHING_ASKED
      if (byDefault.algorithm === 'AES256') return SSE_S3
      const { kmsKeyId: reference = null, isBucketKeyEnabled } = byDefault
      return chooseNamedKey(engine, { namespaceId, reference, isBucketKeyEnabled, context: null })
    }
    case 's3':
      return SSE_S3
    case 'kms': {
      const isBucketKeyEnabled = requested.isBucketKeyEnabled ?? byDefault?.isBucketKeyEnabled ?? false
      return chooseNamedKey(engine, { ...requested, namespaceId, isBucketKeyEnabled })
    }
    case 'customer':
      if (byDefault?.blocked?.includes('SSE-C') === true) throw new StorageError('AccessDenied')
      return { encryption: { kind: 'customer' }, second: { kind: 'customer', key: requested.key } }
  }
}

/** The settings of a version together with how it was asked to be sealed. */
export function withEncryption(
  settings: ObjectSettings | null,
  encryption: ObjectEncryption | null,
): ObjectSettings | null {
  return encryption === null ? settings : { ...settings, encryption }
}

/** A version or an upload, which becomes one. */
export interface SealedVersion {
  versionId: string
  /** Null when nothing of it is sealed. */
  wrappedDataKey: Buffer | null
  namespaceKeyVersion: number | null
  settings: ObjectSettings | null
}

export interface OpenVersionKeyInput {
  bucket: Pick<Bucket, 'id' | 'namespaceId'>
  version: SealedVersion
  customerKey?: CustomerKey
  /** For the words of an error. */
  isUpload?: true
}

/**
 * The data key of a version or an upload; null when it has none. Without a promise while the namespace's key is cached and
 * no named key is needed. Throws InvalidRequest when the customer's key is missing, not wanted or not the one, AccessDenied
 * when the namespace's key is destroyed, and what openNamedKey throws.
 */
export function openVersionKey(
  engine: Engine,
  input: OpenVersionKeyInput,
): KeyObject | null | Promise<KeyObject | null> {
  const encryption = input.version.settings?.encryption
  if (encryption?.kind === 'kms' || encryption?.kind === 'customer') return openByBoth(engine, input, encryption)
  if (input.customerKey) throw notApplicable()
  return openWith(engine, input, null)
}

async function openByBoth(
  engine: Engine,
  input: OpenVersionKeyInput,
  encryption: Extract<ObjectEncryption, { kind: 'kms' | 'customer' }>,
): Promise<KeyObject | null> {
  const { customerKey, bucket } = input
  if (encryption.kind === 'kms') {
    if (customerKey) throw notApplicable()
    return openWith(engine, input, await openNamedKey(engine, { namespaceId: bucket.namespaceId, encryption }))
  }
  if (!customerKey) throw keyIsMissing(input)
  try {
    return await openWith(engine, input, { kind: 'customer', key: customerKey })
  } catch (cause) {
    // Nothing of the customer's key is stored, so this is how a wrong one shows.
    if (!(cause instanceof SealBrokenError)) throw cause
    throw new StorageError('InvalidRequest', {
      message: 'The provided encryption parameters did not match the ones used originally.',
      cause,
    })
  }
}

function openWith(
  engine: Engine,
  { bucket, version }: OpenVersionKeyInput,
  second: SecondKey | null,
): KeyObject | null | Promise<KeyObject> {
  const { versionId, wrappedDataKey, namespaceKeyVersion } = version
  if (wrappedDataKey === null || namespaceKeyVersion === null) return null
  return engine.keyring.openDataKey({
    namespaceId: bucket.namespaceId,
    bucketId: bucket.id,
    versionId,
    second,
    wrapped: wrappedDataKey,
    namespaceKeyVersion,
  })
}

function notApplicable(): StorageError {
  return new StorageError('InvalidRequest', {
    message: 'The encryption parameters are not applicable to this object.',
  })
}

function keyIsMissing({ isUpload }: OpenVersionKeyInput): StorageError {
  return new StorageError('InvalidRequest', {
    message: isUpload
      ? 'The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.'
      : 'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
  })
}

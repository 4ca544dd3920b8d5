import { createHash } from 'node:crypto'
import { writeUuids } from '#storage-engine/crypto/blob-aad.ts'

/**
 * What a wrapped key is for, bound into its wrapping key. The first byte is the level, and every level has one fixed
 * length, so no two contexts are ever the same bytes. Specified in docs/formats/keys.md; it may never change.
 */
const LEVEL = {
  canary: 0,
  namespaceKey: 1,
  dataKey: 2,
  credential: 3,
  token: 4,
  namedKey: 5,
  customerDataKey: 6,
  namedDataKey: 7,
  attestation: 8,
  shredToken: 9,
  namespaceKeyWithToken: 10,
  /** 11 is that of a share in a carried key. */
  sharedDataKey: 12,
} as const

export type SecretPurpose = 'credential' | 'token' | 'attestation'

/** Of the wrapped value that proves, at start, that the root key is the right one. */
export function canaryContext(input: { clusterId: string }): Buffer {
  return encode(LEVEL.canary, [input.clusterId])
}

/** Of a namespace key (L1). */
export function namespaceKeyContext(input: { clusterId: string; namespaceId: string; version: number }): Buffer {
  return encode(LEVEL.namespaceKey, [input.clusterId, input.namespaceId], input.version)
}

/** Of a namespace key that opens only by a shred token besides. */
export function namespaceKeyWithTokenContext(input: {
  clusterId: string
  namespaceId: string
  tokenId: string
  version: number
}): Buffer {
  const { clusterId, namespaceId, tokenId, version } = input
  return encode(LEVEL.namespaceKeyWithToken, [clusterId, namespaceId, tokenId], version)
}

/** Of a shred token. */
export function shredTokenContext(input: { clusterId: string; tokenId: string }): Buffer {
  return encode(LEVEL.shredToken, [input.clusterId, input.tokenId])
}

interface DataKeyOwner {
  clusterId: string
  namespaceId: string
  bucketId: string
  versionId: string
}

/** Of the data key (L2) of an object version. */
export function dataKeyContext(input: DataKeyOwner): Buffer {
  return encode(LEVEL.dataKey, [input.clusterId, input.namespaceId, input.bucketId, input.versionId])
}

/** Of a data key (L2) that several object versions of a bucket share. */
export function sharedDataKeyContext(input: Omit<DataKeyOwner, 'versionId'>): Buffer {
  return encode(LEVEL.sharedDataKey, [input.clusterId, input.namespaceId, input.bucketId])
}

/** Of a data key that opens only by a customer's key besides. */
export function customerDataKeyContext(input: DataKeyOwner): Buffer {
  return encode(LEVEL.customerDataKey, [input.clusterId, input.namespaceId, input.bucketId, input.versionId])
}

/** Of a data key that opens only by a named key besides, and with the same encryption context (text, or null for none). */
export function namedDataKeyContext(
  input: DataKeyOwner & { keyId: string; version: number; encryptionContext: string | null },
): Buffer {
  const { clusterId, namespaceId, bucketId, versionId, keyId, version } = input
  const place = encode(LEVEL.namedDataKey, [clusterId, namespaceId, bucketId, versionId, keyId], version)
  return Buffer.concat([
    place,
    createHash('sha256')
      .update(input.encryptionContext ?? '')
      .digest(),
  ])
}

/** Of the material of a named key. */
export function namedKeyContext(input: {
  clusterId: string
  namespaceId: string
  keyId: string
  version: number
}): Buffer {
  return encode(LEVEL.namedKey, [input.clusterId, input.namespaceId, input.keyId], input.version)
}

/** Of an envelope key, under which secrets of one purpose are sealed. */
export function envelopeContext(input: { clusterId: string; purpose: SecretPurpose }): Buffer {
  return encode(LEVEL[input.purpose], [input.clusterId])
}

function encode(level: number, ids: string[], number?: number): Buffer {
  const context = Buffer.allocUnsafe(1 + 16 * ids.length + (number === undefined ? 0 : 4))
  context[0] = level
  writeUuids(context, ids, 1)
  if (number !== undefined) context.writeUInt32BE(number, context.length - 4)
  return context
}

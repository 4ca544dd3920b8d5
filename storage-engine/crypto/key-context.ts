import { writeUuids } from '#storage-engine/crypto/blob-aad.ts'

/**
 * What a wrapped key is for, bound into its wrapping key. The first byte is the level, and every level has one fixed
 * length, so no two contexts are ever the same bytes. Specified in docs/formats/keys.md; it may never change.
 */
const LEVEL = { canary: 0, namespaceKey: 1, dataKey: 2, credential: 3, token: 4 } as const

export type SecretPurpose = 'credential' | 'token'

/** Of the wrapped value that proves, at start, that the root key is the right one. */
export function canaryContext(input: { clusterId: string }): Buffer {
  return encode(LEVEL.canary, [input.clusterId])
}

/** Of a namespace key (L1). */
export function namespaceKeyContext(input: { clusterId: string; namespaceId: string; version: number }): Buffer {
  return encode(LEVEL.namespaceKey, [input.clusterId, input.namespaceId], input.version)
}

/** Of the data key (L2) of an object version. */
export function dataKeyContext(input: {
  clusterId: string
  namespaceId: string
  bucketId: string
  versionId: string
}): Buffer {
  return encode(LEVEL.dataKey, [input.clusterId, input.namespaceId, input.bucketId, input.versionId])
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

import { createHash, timingSafeEqual } from 'node:crypto'
import { writeUuids } from '#storage-engine/crypto/blob-aad.ts'
import { KEY_BYTES, parentOf } from '#storage-engine/crypto/key-wrap.ts'
import type { RootKeyName } from '#storage-engine/crypto/root-provider.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

/**
 * What a root key in a remote service wrapped: version (1) ‖ root key id (16) ‖ root key version (4) ‖ ciphertext of the
 * service. The head is that of the record that a root key in this process makes (key-wrap.ts).
 * Specified in docs/formats/keys.md. The constants describe stored bytes: they may never change.
 */
const REMOTE_VERSION = 2
const ID_AT = 1
const KEY_VERSION_AT = 17
const CIPHERTEXT_AT = 21

/** A wrapped key of any kind is no longer than this. */
const ROOT_RECORD_BYTES_MAX = 1024

export interface RemoteRecord {
  rootKey: RootKeyName
  /** As the service made it. */
  ciphertext: Buffer
}

/** Which root key wrapped a record, as the record says in clear. Throws SealBrokenError for what is no record. */
export function rootKeyOf(record: Buffer): RootKeyName {
  if (record[0] === REMOTE_VERSION) return decodeRemoteRecord(record).rootKey
  const { id, version } = parentOf(record)
  return { id: formatUuid(id), version }
}

export function encodeRemoteRecord({ rootKey, ciphertext }: RemoteRecord): Buffer {
  const record = Buffer.alloc(CIPHERTEXT_AT + ciphertext.length)
  if (record.length > ROOT_RECORD_BYTES_MAX)
    throw new RangeError(`A wrapped key of ${record.length} bytes is too long.`)
  record[0] = REMOTE_VERSION
  writeUuids(record, [rootKey.id], ID_AT)
  record.writeUInt32BE(rootKey.version, KEY_VERSION_AT)
  ciphertext.copy(record, CIPHERTEXT_AT)
  return record
}

/** Throws SealBrokenError for anything but a record of this version. */
export function decodeRemoteRecord(record: Buffer): RemoteRecord {
  if (record.length <= CIPHERTEXT_AT || record.length > ROOT_RECORD_BYTES_MAX || record[0] !== REMOTE_VERSION) {
    throw new SealBrokenError('Not a wrapped key of a known version.')
  }
  const rootKey = {
    id: formatUuid(record.subarray(ID_AT, KEY_VERSION_AT)),
    version: record.readUInt32BE(KEY_VERSION_AT),
  }
  return { rootKey, ciphertext: record.subarray(CIPHERTEXT_AT) }
}

/** What the service encrypts: key (32) ‖ SHA-256 of the context (32), so that the context counts whatever the service does. */
export function packKey({ context, key }: { context: Buffer; key: Buffer }): Buffer {
  if (key.length !== KEY_BYTES) throw new RangeError(`A key of ${key.length} bytes: ${KEY_BYTES} are needed.`)
  return Buffer.concat([key, digestOf(context)])
}

/** The reverse. Throws SealBrokenError for another context. */
export function unpackKey({ context, plain }: { context: Buffer; plain: Buffer }): Buffer {
  const digest = digestOf(context)
  if (plain.length !== KEY_BYTES + digest.length || !timingSafeEqual(plain.subarray(KEY_BYTES), digest)) {
    throw new SealBrokenError('A wrapped key does not verify.')
  }
  return Buffer.from(plain.subarray(0, KEY_BYTES))
}

/** The id of a root key that has only a name, at its service: follows from kind and name, and is the same everywhere. */
export function nameRootKey(...parts: [kind: string, ...name: string[]]): string {
  const digest = createHash('sha256')
    .update(['sceau/root-id', ...parts].join('\0'))
    .digest()
  return formatUuid(digest.subarray(0, 16))
}

function digestOf(context: Buffer): Buffer {
  return createHash('sha256').update(context).digest()
}

function formatUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

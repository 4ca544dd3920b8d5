import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { hkdfExpand } from '#storage-engine/crypto/hkdf.ts'
import { fillRandom } from '#storage-engine/crypto/random-pool.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

/**
 * A wrapped key is a record of 93 bytes: version (1) ‖ parent id (16) ‖ parent version (4) ‖ salt (32) ‖ AES-KW (40).
 * Specified in docs/formats/keys.md. The constants describe bytes on disk: they may never change.
 */
const RECORD_VERSION = 1
/** Of a data key that several object versions share: the record says so, since its context is another one. */
const SHARED_RECORD_VERSION = 4
const PARENT_ID_AT = 1
const PARENT_VERSION_AT = 17
const SALT_AT = 21
const SALT_BYTES = 32
const WRAPPED_AT = SALT_AT + SALT_BYTES
const WRAP_OVERHEAD_BYTES = 8

export const KEY_BYTES = 32
export const WRAPPED_KEY_BYTES = WRAPPED_AT + KEY_BYTES + WRAP_OVERHEAD_BYTES

const PURPOSE = Buffer.from('sceau/kw1\0')
const SECOND_PURPOSE = Buffer.from('sceau/kw1+\0')
const ALGORITHM = 'id-aes256-wrap'
/** The initial value of RFC 3394 §2.2.3.1; unwrapping checks it, and so the integrity of the key. */
const INITIAL_VALUE = Buffer.alloc(8, 0xa6)

export interface ParentKey {
  /** 16 bytes that name the parent, in clear. */
  id: Buffer
  version: number
  key: KeyObject
}

export interface WrappingKeys {
  parent: ParentKey
  /** When given, neither it nor the parent opens the record alone. The record does not name it. */
  second?: KeyObject
  context: Buffer
  /** Of a data key that several object versions share; the record says it too. */
  isShared?: boolean
}

/** Wraps 32 bytes under a key derived from parent, context and a fresh salt: it opens nowhere else. */
export function wrapKey(input: WrappingKeys & { key: Buffer }): Buffer {
  const { parent, key } = input
  if (key.length !== KEY_BYTES) throw new RangeError(`A key of ${key.length} bytes: ${KEY_BYTES} are needed.`)
  const record = beginRecord(parent)
  if (input.isShared === true) record[0] = SHARED_RECORD_VERSION
  aesKeyWrap(wrappingKeyOf(input, record), key).copy(record, WRAPPED_AT)
  return record
}

/** The reverse of wrapKey. Throws SealBrokenError for any other parent, second key, context or record. */
export function unwrapKey(input: WrappingKeys & { record: Buffer }): Buffer {
  const { parent, record } = input
  ensureParent(parent, record, input.isShared)
  return aesKeyUnwrap(wrappingKeyOf(input, record), record.subarray(WRAPPED_AT))
}

/** A wrapping key that is elsewhere, and never comes here. */
export interface DistantParent extends Omit<ParentKey, 'key'> {
  /** HMAC-SHA-384 under it, 48 bytes. */
  hmac(message: Buffer): Promise<Buffer>
}

/** As wrapKey, the same bytes: for one block HKDF-Expand is a single HMAC (RFC 5869 §2.3). */
export async function wrapKeyUnder(parent: DistantParent, input: { context: Buffer; key: Buffer }): Promise<Buffer> {
  const { context, key } = input
  if (key.length !== KEY_BYTES) throw new RangeError(`A key of ${key.length} bytes: ${KEY_BYTES} are needed.`)
  const record = beginRecord(parent)
  aesKeyWrap(await distantShare(parent, context, record), key).copy(record, WRAPPED_AT)
  return record
}

/** The reverse of wrapKeyUnder and of wrapKey. Throws SealBrokenError for any other parent, context or record. */
export async function unwrapKeyUnder(
  parent: DistantParent,
  { context, record }: { context: Buffer; record: Buffer },
): Promise<Buffer> {
  ensureParent(parent, record)
  return aesKeyUnwrap(await distantShare(parent, context, record), record.subarray(WRAPPED_AT))
}

async function distantShare(parent: DistantParent, context: Buffer, record: Buffer): Promise<Buffer> {
  const message = Buffer.concat([PURPOSE, context, record.subarray(SALT_AT, WRAPPED_AT), Buffer.from([1])])
  return (await parent.hmac(message)).subarray(0, KEY_BYTES)
}

/** All of a record but the wrapped key. */
function beginRecord(parent: Omit<ParentKey, 'key'>): Buffer {
  const record = Buffer.allocUnsafe(WRAPPED_KEY_BYTES)
  record[0] = RECORD_VERSION
  parent.id.copy(record, PARENT_ID_AT, 0, 16)
  record.writeUInt32BE(parent.version, PARENT_VERSION_AT)
  fillRandom(record, SALT_AT, SALT_BYTES)
  return record
}

function ensureParent(parent: Omit<ParentKey, 'key'>, record: Buffer, isOfSeveral = false): void {
  const named = parentOf(record)
  if (isShared(record) !== isOfSeveral) throw new SealBrokenError('This key was wrapped for something else.')
  if (!named.id.equals(parent.id) || named.version !== parent.version) {
    throw new SealBrokenError('This key was wrapped by another one.')
  }
}

/** Whether a record says that it holds a data key of several object versions. Its context proves it. */
export function isShared(record: Buffer): boolean {
  return record[0] === SHARED_RECORD_VERSION
}

/** Which key wrapped a record, read in clear: a hint for the look-up, proved only by unwrapping. */
export function parentOf(record: Buffer): { id: Buffer; version: number } {
  if (record.length !== WRAPPED_KEY_BYTES || (record[0] !== RECORD_VERSION && !isShared(record))) {
    throw new SealBrokenError('Not a wrapped key of a known version.')
  }
  return { id: record.subarray(PARENT_ID_AT, PARENT_VERSION_AT), version: record.readUInt32BE(PARENT_VERSION_AT) }
}

/**
 * Two keys are derived each for itself and combined by exclusive or (NIST SP 800-133 rev. 2, §6.3): while either stays
 * secret, so does the result.
 */
function wrappingKeyOf({ parent, second, context }: WrappingKeys, record: Buffer): Buffer {
  const salt = record.subarray(SALT_AT, WRAPPED_AT)
  const share = parentShare(parent, context, salt)
  return second === undefined ? share : combineShares(share, { second, context, salt })
}

/** What the parent contributes to a wrapping key, and all of it when there is no second key. */
export function parentShare(parent: ParentKey, context: Buffer, salt: Buffer): Buffer {
  return hkdfExpand(parent.key, [PURPOSE, context, salt], KEY_BYTES)
}

/** Turns the parent's share into the wrapping key, in place. */
export function combineShares(
  share: Buffer,
  { second, context, salt }: { second: KeyObject; context: Buffer; salt: Buffer },
): Buffer {
  const other = hkdfExpand(second, [SECOND_PURPOSE, context, salt], KEY_BYTES)
  for (let at = 0; at < KEY_BYTES; at++) share[at] = (share[at] as number) ^ (other[at] as number)
  return share
}

/** The salt and the AES-KW output of a record, which follow each other at its end. */
export function tailOf(record: Buffer): Buffer {
  return record.subarray(SALT_AT)
}

/** AES-256 Key Wrap (RFC 3394 §2.2.1): the result is 8 bytes longer than `plain`. */
export function aesKeyWrap(wrappingKey: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv(ALGORITHM, wrappingKey, INITIAL_VALUE)
  const wrapped = cipher.update(plain)
  cipher.final()
  return wrapped
}

/** The reverse (RFC 3394 §2.2.2). Throws SealBrokenError when the integrity check fails. */
export function aesKeyUnwrap(wrappingKey: Buffer, wrapped: Buffer): Buffer {
  const decipher = createDecipheriv(ALGORITHM, wrappingKey, INITIAL_VALUE)
  try {
    const plain = decipher.update(wrapped)
    decipher.final()
    return plain
  } catch (cause) {
    throw new SealBrokenError('A wrapped key does not verify.', { cause })
  }
}

import { createHash } from 'node:crypto'
import {
  aesKeyUnwrap,
  combineShares,
  KEY_BYTES,
  type ParentKey,
  parentOf,
  parentShare,
  tailOf,
  unwrapKey,
  WRAPPED_KEY_BYTES,
  type WrappingKeys,
  wrapKey,
} from '#storage-engine/crypto/key-wrap.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

/**
 * A key under two keys, brought to another parent without the second one: version (1) ‖ the old parent's share, wrapped by
 * the new parent (93) ‖ salt (32) ‖ AES-KW (40), the last two as they were. Specified in docs/formats/keys.md; it may never
 * change.
 */
const RECORD_VERSION = 3
const SALT_AT = 1 + WRAPPED_KEY_BYTES
const WRAPPED_AT = SALT_AT + 32
const RECORD_BYTES = WRAPPED_AT + KEY_BYTES + 8
/** The level of a share's context (key-context.ts lists the others). */
const SHARE_LEVEL = Buffer.from([11])

/** Whether a record is one of those made here, and no plain wrapped key. */
export function isCarried(record: Buffer): boolean {
  return record.length === RECORD_BYTES && record[0] === RECORD_VERSION
}

/** Which key wrapped a record of either form, as it says in clear. */
export function parentOfDataKey(record: Buffer): { id: Buffer; version: number } {
  return parentOf(isCarried(record) ? shareOf(record) : record)
}

/**
 * Brings a record under two keys, of either form, to parent `to`. Opens with `to` and the same second key from then on.
 * Nothing that it passes on, and nothing that it sees, opens without the second key. A wrong `from` or context does not
 * show here unless the record was carried before, but never opens later: the caller knows both by other ways.
 */
export function carryKey(input: { from: ParentKey; to: ParentKey; context: Buffer; record: Buffer }): Buffer {
  const { from, to, context, record } = input
  const { id, version } = parentOfDataKey(record)
  if (!id.equals(from.id) || version !== from.version) throw new SealBrokenError('This key was wrapped by another one.')
  const tail = isCarried(record) ? record.subarray(SALT_AT) : tailOf(record)
  const share = isCarried(record) ? openShare(from, context, record) : parentShare(from, context, tail.subarray(0, 32))
  const wrapped = wrapKey({ parent: to, context: shareContext(context), key: share })
  share.fill(0)
  return Buffer.concat([Buffer.from([RECORD_VERSION]), wrapped, tail])
}

/** The key of a carried record. Throws SealBrokenError for any other parent, second key, context or record. */
export function unwrapCarriedKey({ parent, second, context, record }: WrappingKeys & { record: Buffer }): Buffer {
  if (second === undefined) throw new SealBrokenError('This key opens only with a second one.')
  const share = openShare(parent, context, record)
  const salt = record.subarray(SALT_AT, WRAPPED_AT)
  return aesKeyUnwrap(combineShares(share, { second, context, salt }), record.subarray(WRAPPED_AT))
}

function openShare(parent: ParentKey, context: Buffer, record: Buffer): Buffer {
  return unwrapKey({ parent, context: shareContext(context), record: shareOf(record) })
}

function shareOf(record: Buffer): Buffer {
  return record.subarray(1, SALT_AT)
}

function shareContext(context: Buffer): Buffer {
  return Buffer.concat([SHARE_LEVEL, createHash('sha256').update(context).digest()])
}

import { createHmac, type KeyObject } from 'node:crypto'

/** One block of HMAC-SHA-384: nothing here ever needs a longer output. */
const HKDF_OUTPUT_BYTES_MAX = 48

const FIRST_BLOCK = Buffer.from([1])

/**
 * HKDF-Expand with SHA-384 (RFC 5869 §2.3) for outputs of at most 48 bytes.
 * `info` is given in pieces, hashed in order, so that callers need not join them.
 */
export function hkdfExpand(key: KeyObject | Buffer, info: readonly Uint8Array[], size: number): Buffer {
  if (size < 1 || size > HKDF_OUTPUT_BYTES_MAX)
    throw new RangeError(`HKDF output of ${size} bytes: 1 to 48 are allowed.`)
  const hmac = createHmac('sha384', key)
  for (const piece of info) hmac.update(piece)
  return hmac.update(FIRST_BLOCK).digest().subarray(0, size)
}

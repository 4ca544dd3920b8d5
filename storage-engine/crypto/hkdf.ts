import { createHmac, getFips, hash, KeyObject } from 'node:crypto'

/** One block of HMAC-SHA-384: nothing here ever needs a longer output. */
const HKDF_OUTPUT_BYTES_MAX = 48
/** Above it HMAC would hash the key first; no key here is so long. */
const KEY_BYTES_MAX = 64
const INFO_BYTES_MAX = 1024

const BLOCK_BYTES = 128
const INNER_PAD = new Uint8Array(BLOCK_BYTES).fill(0x36)
const OUTER_PAD = new Uint8Array(BLOCK_BYTES).fill(0x5c)
const FIRST_BLOCK = Buffer.from([1])

/** What is hashed is put together here; nothing else runs until its hash is made. */
const inner = Buffer.alloc(BLOCK_BYTES + INFO_BYTES_MAX + FIRST_BLOCK.length)
const outer = Buffer.alloc(BLOCK_BYTES + HKDF_OUTPUT_BYTES_MAX)

/** A validated provider vouches for its own HMAC only. It is on before the first key is derived, or never. */
let isFips: boolean | undefined

/**
 * HKDF-Expand with SHA-384 (RFC 5869 §2.3) for keys of at most 64 bytes and outputs of at most 48.
 * `info` is given in pieces, hashed in order, so that callers need not join them: 1,024 bytes at most. RangeError beyond.
 */
export function hkdfExpand(key: KeyObject | Buffer, info: readonly Uint8Array[], size: number): Buffer {
  // Memory of its own: a key's bytes do not belong into the pool that Node cuts small buffers from.
  const output = Buffer.allocUnsafeSlow(size)
  hkdfExpandInto(output, key, info)
  return output
}

/** The same into memory that is there already: all of it is filled. */
export function hkdfExpandInto(output: Buffer, key: KeyObject | Buffer, info: readonly Uint8Array[]): void {
  const size = output.length
  if (size < 1 || size > HKDF_OUTPUT_BYTES_MAX)
    throw new RangeError(`HKDF output of ${size} bytes: 1 to 48 are allowed.`)
  isFips ??= getFips() === 1
  if (isFips) hmacOfProvider(key, info).copy(output)
  else output.write(hmacOfHashes(key instanceof KeyObject ? key.export() : key, info), 0, output.length, 'latin1')
}

function hmacOfProvider(key: KeyObject | Buffer, info: readonly Uint8Array[]): Buffer {
  const infoSize = info.reduce((sum, piece) => sum + piece.length, 0)
  if (infoSize > INFO_BYTES_MAX) throw new RangeError(`${infoSize} bytes of info: ${INFO_BYTES_MAX} at most.`)
  ensureKeySize(key instanceof KeyObject ? (key.symmetricKeySize ?? 0) : key.length)
  const hmac = createHmac('sha384', key)
  for (const piece of info) hmac.update(piece)
  return hmac.update(FIRST_BLOCK).digest()
}

/**
 * HMAC (FIPS 198-1 §4) as the two hashes that it is: as a string of bytes. An Hmac object costs more than all its hashing,
 * and every small object needs four.
 */
function hmacOfHashes(key: Buffer, info: readonly Uint8Array[]): string {
  ensureKeySize(key.length)
  inner.set(INNER_PAD)
  outer.set(OUTER_PAD)
  for (let at = 0; at < key.length; at++) {
    inner[at] = (key[at] as number) ^ 0x36
    outer[at] = (key[at] as number) ^ 0x5c
  }
  let end = BLOCK_BYTES
  for (const piece of info) {
    inner.set(piece, end)
    end += piece.length
  }
  inner.set(FIRST_BLOCK, end)
  const digest = hash('sha384', inner.subarray(0, end + FIRST_BLOCK.length), 'latin1')
  outer.write(digest, BLOCK_BYTES, 'latin1')
  return hash('sha384', outer, 'latin1')
}

function ensureKeySize(size: number): void {
  if (size > KEY_BYTES_MAX) throw new RangeError(`A key of ${size} bytes to derive from: ${KEY_BYTES_MAX} at most.`)
}

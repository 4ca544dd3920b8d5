import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  aesKeyUnwrap,
  aesKeyWrap,
  parentOf,
  unwrapKey,
  WRAPPED_KEY_BYTES,
  wrapKey,
} from '#storage-engine/crypto/key-wrap.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

const parent = { id: randomBytes(16), version: 7, key: createSecretKey(randomBytes(32)) }
const context = Buffer.from('whose key this is')
const key = randomBytes(32)

describe('AES-256 Key Wrap', () => {
  const wrappingKey = Buffer.from(Array.from({ length: 32 }, (_, index) => index))
  // RFC 3394 §4.3, §4.5 and §4.6.
  it.each([
    ['00112233445566778899aabbccddeeff', '64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7'],
    [
      '00112233445566778899aabbccddeeff0001020304050607',
      'a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1',
    ],
    [
      '00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f',
      '28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21',
    ],
  ])('gives the answer of RFC 3394 for %s, both ways', (plain, wrapped) => {
    expect(aesKeyWrap(wrappingKey, Buffer.from(plain, 'hex')).toString('hex')).toBe(wrapped)
    expect(aesKeyUnwrap(wrappingKey, Buffer.from(wrapped, 'hex')).toString('hex')).toBe(plain)
  })
})

describe('wrapped key record', () => {
  const record = wrapKey({ parent, context, key })

  it('returns the key to the same parent and context', () => {
    expect(unwrapKey({ parent, context, record }).equals(key)).toBe(true)
  })

  it('names its parent in clear and nothing else of it', () => {
    expect(record).toHaveLength(WRAPPED_KEY_BYTES)
    expect(parentOf(record)).toEqual({ id: parent.id, version: 7 })
    expect(record.includes(key.subarray(0, 8))).toBe(false)
  })

  it('differs each time', () => {
    expect(wrapKey({ parent, context, key }).equals(record)).toBe(false)
  })

  it.each([
    ['another context', { context: Buffer.from('whose key this iS') }],
    ['a longer context', { context: Buffer.concat([context, Buffer.from([0])]) }],
    ['another parent key', { parent: { ...parent, key: createSecretKey(randomBytes(32)) } }],
    ['another parent id', { parent: { ...parent, id: randomBytes(16) } }],
    ['another parent version', { parent: { ...parent, version: 8 } }],
    ['a key that several share', { isShared: true }],
    ['a record that says that several share it', { record: Buffer.concat([Buffer.from([4]), record.subarray(1)]) }],
    ['a cut record', { record: record.subarray(0, -1) }],
    ['an empty record', { record: Buffer.alloc(0) }],
  ])('does not open with %s', (_, change) => {
    expect(() => unwrapKey({ parent, context, record, ...change })).toThrow(SealBrokenError)
  })

  it('does not open with any byte changed', () => {
    for (let at = 0; at < record.length; at++) {
      const forged = Buffer.from(record)
      forged[at] = (forged[at] as number) ^ 1
      expect(() => unwrapKey({ parent, context, record: forged }), `byte ${at}`).toThrow(SealBrokenError)
    }
  })

  it('wraps keys of 32 bytes only', () => {
    expect(() => wrapKey({ parent, context, key: Buffer.alloc(16) })).toThrow(RangeError)
  })
})

describe('wrapped key record with a second key', () => {
  const second = createSecretKey(randomBytes(32))
  const record = wrapKey({ parent, second, context, key })

  it('returns the key to both keys together', () => {
    expect(record).toHaveLength(WRAPPED_KEY_BYTES)
    expect(unwrapKey({ parent, second, context, record }).equals(key)).toBe(true)
  })

  it('opens with neither alone, nor with the two changed round', () => {
    expect(() => unwrapKey({ parent, context, record })).toThrow(SealBrokenError)
    expect(() => unwrapKey({ parent: { ...parent, key: second }, context, record })).toThrow(SealBrokenError)
    const swapped = { parent: { ...parent, key: second }, second: parent.key }
    expect(() => unwrapKey({ ...swapped, context, record })).toThrow(SealBrokenError)
  })

  it('does not open with another second key, or with one where none was', () => {
    const other = createSecretKey(randomBytes(32))
    expect(() => unwrapKey({ parent, second: other, context, record })).toThrow(SealBrokenError)
    const single = wrapKey({ parent, context, key })
    expect(() => unwrapKey({ parent, second, context, record: single })).toThrow(SealBrokenError)
  })

  it('has the bytes that docs/formats/keys.md describes', () => {
    const salt = record.subarray(21, 53)
    const half = (of: KeyObject, purpose: string) =>
      createHmac('sha384', of)
        .update(`${purpose}\0`)
        .update(context)
        .update(salt)
        .update(Buffer.from([1]))
        .digest()
    const ours = half(parent.key, 'sceau/kw1')
    const theirs = half(second, 'sceau/kw1+')
    const wrappingKey = Buffer.from(ours.subarray(0, 32).map((byte, at) => byte ^ (theirs[at] as number)))
    expect(aesKeyUnwrap(wrappingKey, record.subarray(53)).equals(key)).toBe(true)
  })
})

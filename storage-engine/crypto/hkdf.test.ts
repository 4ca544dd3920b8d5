import { createHmac, createSecretKey, hkdfSync, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hkdfExpand } from '#storage-engine/crypto/hkdf.ts'

const range = (from: number, count: number) => Buffer.from(Array.from({ length: count }, (_, index) => from + index))

describe('HKDF-Expand with SHA-384', () => {
  // Inputs in the manner of RFC 5869 Appendix A, which has none for SHA-384; answers from pyca/cryptography 48.
  it.each([
    [
      range(0, 48),
      Buffer.alloc(0),
      'b608437f0b60e294b958e6a3fc6ff348cfa7bc7c698c20bb1f8fe688319f8a4f925203b3c5f954f831fa349882fa382d',
    ],
    [
      Buffer.alloc(32, 0x0b),
      range(0xf0, 10),
      '38df59dda649aa50de165f231de5c92e011cb6c865178aea4e93ad4fac2aabcc48a6e44ef0a8279afc84',
    ],
    [
      Buffer.alloc(48, 0xff),
      Buffer.concat([Buffer.from('sceau/kw1\0'), range(0, 64)]),
      '6b485f969c8f09b2b6939bf78be376153dcb1f29b4d1bab8399441a7ae2a5469',
    ],
    [range(0x60, 32), range(0xb0, 80), '79'],
  ])('gives known answers (%#)', (key, info, expected) => {
    expect(hkdfExpand(key, [info], expected.length / 2).toString('hex')).toBe(expected)
  })

  // RFC 5869 Appendix A.1 to A.3, for SHA-256: OpenSSL's HKDF, with which ours is compared below, gives its answers.
  it.each([
    [
      Buffer.alloc(22, 0x0b),
      range(0, 13),
      range(0xf0, 10),
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    ],
    [
      range(0, 80),
      range(0x60, 80),
      range(0xb0, 80),
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    ],
    [
      Buffer.alloc(22, 0x0b),
      Buffer.alloc(0),
      Buffer.alloc(0),
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    ],
  ])('is compared with an implementation that gives the answers of RFC 5869 (%#)', (secret, salt, info, expected) => {
    const output = Buffer.from(hkdfSync('sha256', secret, salt, info, expected.length / 2))
    expect(output.toString('hex')).toBe(expected)
  })

  it('is the second half of the HKDF of OpenSSL, however info is cut', () => {
    for (let size = 1; size <= 48; size++) {
      const [secret, salt, info] = [randomBytes(40), randomBytes(16), randomBytes(size * 3)]
      const extracted = createHmac('sha384', salt).update(secret).digest()
      const expected = Buffer.from(hkdfSync('sha384', secret, salt, info, size))
      expect(hkdfExpand(extracted, [info.subarray(0, size), info.subarray(size)], size).equals(expected)).toBe(true)
    }
  })

  it('is the HMAC of OpenSSL for every length of key and info, from bytes and from a key object', () => {
    for (let size = 1; size <= 64; size++) {
      const [key, info] = [randomBytes(size), randomBytes(size * 16)]
      const expected = createHmac('sha384', key)
        .update(info)
        .update(Buffer.from([1]))
        .digest()
      expect(hkdfExpand(key, [info], 48).equals(expected)).toBe(true)
      expect(hkdfExpand(createSecretKey(key), [info], 48).equals(expected)).toBe(true)
    }
  })

  it('does not take longer keys and infos than it has room for', () => {
    expect(() => hkdfExpand(Buffer.alloc(65), [], 32)).toThrow(RangeError)
    expect(() => hkdfExpand(Buffer.alloc(32), [Buffer.alloc(1024), Buffer.alloc(1)], 32)).toThrow(RangeError)
  })

  it.each([0, 49])('refuses an output of %i bytes', (size) => {
    expect(() => hkdfExpand(Buffer.alloc(32), [], size)).toThrow(RangeError)
  })
})

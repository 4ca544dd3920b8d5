import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHECKSUM_ALGORITHMS } from '#storage-engine/body.ts'
import {
  type CrcAlgorithm,
  checksumOf,
  combineCrcs,
  compositeChecksum,
  createChecksum,
} from '#storage-engine/crypto/checksums.ts'

const CRCS: CrcAlgorithm[] = ['CRC32', 'CRC32C', 'CRC64NVME']
const base64Of = (hex: string) => Buffer.from(hex, 'hex').toString('base64')

describe('known answers', () => {
  // CRCs of "123456789": the check values of https://reveng.sourceforge.io/crc-catalogue/all.htm
  // SHA of "abc": FIPS 180-4 examples.
  it.each([
    ['CRC32', '123456789', 'cbf43926'],
    ['CRC32C', '123456789', 'e3069283'],
    ['CRC64NVME', '123456789', 'ae8b14860a799888'],
    ['SHA1', 'abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['SHA256', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['CRC32', '', '00000000'],
    ['CRC32C', '', '00000000'],
    ['CRC64NVME', '', '0000000000000000'],
  ] as const)('%s of %j', (algorithm, text, hex) => {
    expect(checksumOf(algorithm, Buffer.from(text))).toBe(base64Of(hex))
    const checksum = createChecksum(algorithm)
    checksum.update(Buffer.from(text))
    expect(checksum.digest()).toBe(base64Of(hex))
  })

  // NVM Express Command Set specification, "64b CRC" test cases: 4 KiB of 0x00, 0xFF, and bytes counting up and down.
  it.each([
    [() => 0, '6482d367eb22b64e'],
    [() => 0xff, 'c0ddba7302eca3ac'],
    [(index: number) => index & 0xff, '3e729f5f6750449c'],
    [(index: number) => 0xff - (index & 0xff), '9a2df64b8e9e517e'],
  ])('CRC64NVME of 4 KiB (%#)', (byteAt, hex) => {
    expect(
      checksumOf(
        'CRC64NVME',
        Uint8Array.from({ length: 4096 }, (_, index) => byteAt(index)),
      ),
    ).toBe(base64Of(hex))
  })
})

describe.each(CHECKSUM_ALGORITHMS)('%s', (algorithm) => {
  it('is the same however the bytes are cut', () => {
    fc.assert(
      fc.property(bytesAndCuts(), ({ bytes, pieces }) => {
        const checksum = createChecksum(algorithm)
        for (const piece of pieces) checksum.update(piece)
        expect(checksum.digest()).toBe(checksumOf(algorithm, bytes))
      }),
      { numRuns: 50 },
    )
  })

  it('takes chunks larger than its window', () => {
    const bytes = Buffer.alloc(200_001, 'sceau')
    const checksum = createChecksum(algorithm)
    for (let offset = 0; offset < bytes.length; offset += 7777) checksum.update(bytes.subarray(offset, offset + 7777))
    expect(checksumOf(algorithm, bytes)).toBe(checksum.digest())
  })
})

describe.each(CRCS)('combining %s', (algorithm) => {
  it('gives the checksum of the whole, for any parts', () => {
    fc.assert(
      fc.property(bytesAndCuts(), ({ bytes, pieces }) => {
        const parts = pieces.map((piece) => ({ value: checksumOf(algorithm, piece), size: piece.length }))
        expect(combineCrcs(algorithm, parts)).toBe(checksumOf(algorithm, bytes))
      }),
      { numRuns: 50 },
    )
  })

  it('gives the checksum of 40 MiB from equal parts and a shorter last one', () => {
    const part = Buffer.alloc(8 * 1024 ** 2, 'part')
    const whole = createChecksum(algorithm)
    const pieces = [part, part, part, part, part, Buffer.from('end')]
    for (const piece of pieces) whole.update(piece)
    const parts = pieces.map((piece) => ({ value: checksumOf(algorithm, piece), size: piece.length }))
    expect(combineCrcs(algorithm, parts)).toBe(whole.digest())
  })

  it('notices the order of parts', () => {
    const parts = ['a', 'bc'].map((text) => ({ value: checksumOf(algorithm, Buffer.from(text)), size: text.length }))
    expect(combineCrcs(algorithm, parts)).not.toBe(combineCrcs(algorithm, parts.toReversed()))
  })

  it('is that of nothing without parts, and refuses a value of another algorithm', () => {
    expect(combineCrcs(algorithm, [])).toBe(checksumOf(algorithm, Buffer.alloc(0)))
    expect(() => combineCrcs(algorithm, [{ value: 'AAA=', size: 1 }])).toThrow(RangeError)
  })
})

it('adds the CRC of a part of 5 GiB of zeros to one before it', () => {
  // crc(A ‖ zeros) by doubling: each step joins a run of zeros with itself.
  let zeros = { value: checksumOf('CRC64NVME', Buffer.alloc(5 * 1024 ** 2)), size: 5 * 1024 ** 2 }
  for (let step = 0; step < 10; step++) {
    zeros = { value: combineCrcs('CRC64NVME', [zeros, zeros]), size: zeros.size * 2 }
  }
  const first = { value: checksumOf('CRC64NVME', Buffer.from('first')), size: 5 }
  const halves = {
    value: combineCrcs('CRC64NVME', [first, { ...zeros, ...halfOf(zeros.size) }]),
    size: 5 + zeros.size / 2,
  }
  expect(combineCrcs('CRC64NVME', [halves, halfOf(zeros.size)])).toBe(combineCrcs('CRC64NVME', [first, zeros]))
})

it('writes a composite checksum as that of the parts, with their count', () => {
  const parts = ['one', 'two'].map((text) => checksumOf('SHA256', Buffer.from(text)))
  const joined = Buffer.concat(parts.map((value) => Buffer.from(value, 'base64')))
  expect(compositeChecksum('SHA256', parts)).toBe(`${checksumOf('SHA256', joined)}-2`)
})

/** CRC64NVME of half that many zero bytes. */
function halfOf(size: number): { value: string; size: number } {
  const piece = Buffer.alloc(5 * 1024 ** 2)
  const count = size / 2 / piece.length
  const part = { value: checksumOf('CRC64NVME', piece), size: piece.length }
  return {
    value: combineCrcs(
      'CRC64NVME',
      Array.from({ length: count }, () => part),
    ),
    size: size / 2,
  }
}

function bytesAndCuts(): fc.Arbitrary<{ bytes: Buffer; pieces: Buffer[] }> {
  return fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 8 }).map((arrays) => {
    const pieces = arrays.map((array) => Buffer.from(array))
    return { bytes: Buffer.concat(pieces), pieces }
  })
}

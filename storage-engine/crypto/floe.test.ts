import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  createOpener,
  createSealer,
  FLOE_HEADER_BYTES,
  type FloeParameters,
  PLAIN_SEGMENT_BYTES,
  SEALED_SEGMENT_BYTES,
  sealedSizeOf,
  sealWhole,
} from '#storage-engine/crypto/floe.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { openMessage } from '#storage-engine/testing/open-message.ts'

const VECTORS = new URL('./vectors/floe/', import.meta.url)
const KEY = randomBytes(32)
const AAD = Buffer.from('where it belongs')
const TINY: FloeParameters = { sealedSegmentBytes: 40, rotationMask: 2, segmentCountMax: 2 ** 40 }

describe('published vectors', () => {
  const names = readdirSync(VECTORS)
    .filter((name) => name.endsWith('_ct.txt'))
    .map((name) => name.slice(0, -7))

  it('are all here', () => expect(names).toHaveLength(17))

  it.each(names)('opens %s', (name) => {
    const sealed = readVector(`${name}_ct.txt`)
    const parameters = parametersOf(name)
    const opened = openMessage({ key: Buffer.alloc(32), aad: Buffer.from('This is AAD'), sealed, parameters })
    expect(opened.equals(readVector(`${name}_pt.txt`))).toBe(true)
  })
})

describe('round trip', () => {
  const sizes = [
    0,
    1,
    4096,
    PLAIN_SEGMENT_BYTES - 1,
    PLAIN_SEGMENT_BYTES,
    PLAIN_SEGMENT_BYTES + 1,
    3 * PLAIN_SEGMENT_BYTES,
  ]

  it.each(sizes)('returns a body of %i bytes, sealed in the size foretold', (size) => {
    const plain = randomBytes(size)
    const sealed = sealWhole({ key: KEY, aad: AAD, plain })
    expect(sealed).toHaveLength(sealedSizeOf(size))
    expect(openMessage({ key: KEY, aad: AAD, sealed }).equals(plain)).toBe(true)
  })

  it('rotates segment keys and still opens in any order', () => {
    const plain = randomBytes(8 * 23)
    const { header, segments } = sealTiny(plain)
    const opener = createOpener({ key: KEY, aad: AAD, header, parameters: TINY })
    for (const index of [22, 0, 13, 4, 3, 22, 7]) {
      const expected = plain.subarray(index * 8, index * 8 + 8)
      expect(opener.openSegment(index, segments[index] as Buffer, index === 22).equals(expected)).toBe(true)
    }
  })

  it('never seals twice alike', () => {
    const plain = Buffer.alloc(64)
    const [first, second] = [sealWhole({ key: KEY, aad: AAD, plain }), sealWhole({ key: KEY, aad: AAD, plain })]
    expect(first.subarray(10, 42).equals(second.subarray(10, 42))).toBe(false)
    expect(first.subarray(78, 90).equals(second.subarray(78, 90))).toBe(false)
  })

  it('opens a view into a larger array', () => {
    const sealed = sealWhole({ key: KEY, aad: AAD, plain: Buffer.from('seal') })
    const view = new Uint8Array(new Uint8Array([9, ...sealed, 9]).buffer, 1, sealed.length)
    const opener = createOpener({ key: KEY, aad: AAD, header: view.subarray(0, FLOE_HEADER_BYTES) })
    expect(opener.openSegment(0, view.subarray(FLOE_HEADER_BYTES), true).toString()).toBe('seal')
  })
})

describe('tampering', () => {
  it('is noticed at every single byte of a message', () => {
    const sealed = sealWhole({ key: KEY, aad: AAD, plain: randomBytes(40) })
    for (let at = 0; at < sealed.length; at++) {
      const forged = Buffer.from(sealed)
      forged[at] = (forged[at] as number) ^ (1 << (at % 8))
      expect(() => openMessage({ key: KEY, aad: AAD, sealed: forged }), `byte ${at}`).toThrow(SealBrokenError)
    }
  })

  it('is noticed when the message is cut anywhere', () => {
    const sealed = sealWhole({ key: KEY, aad: AAD, plain: randomBytes(24) })
    for (let size = 0; size < sealed.length; size++) {
      expect(() => openMessage({ key: KEY, aad: AAD, sealed: sealed.subarray(0, size) })).toThrow(SealBrokenError)
    }
  })

  const message = sealTiny(randomBytes(8 * 6))
  const open = (index: number, segment: Buffer | undefined, isLast: boolean) => () =>
    createOpener({ key: KEY, aad: AAD, header: message.header, parameters: TINY }).openSegment(
      index,
      segment as Buffer,
      isLast,
    )

  it('opens nothing when two segments change places', () => {
    expect(open(0, message.segments[1], false)).toThrow(SealBrokenError)
    expect(open(1, message.segments[0], false)).toThrow(SealBrokenError)
  })

  it('opens nothing at another index, also under another segment key', () => {
    expect(open(2, message.segments[1], false)).toThrow(SealBrokenError)
    expect(open(5, message.segments[1], false)).toThrow(SealBrokenError)
  })

  it('does not take an inner segment for the last one, even with its length forged', () => {
    expect(open(1, message.segments[1], true)).toThrow(SealBrokenError)
    const forged = Buffer.from(message.segments[1] as Buffer)
    forged.writeUInt32BE(forged.length, 0)
    expect(open(1, forged, true)).toThrow(SealBrokenError)
  })

  it('does not take the last segment for an inner one, even with its length forged', () => {
    expect(open(5, message.segments[5], false)).toThrow(SealBrokenError)
    const forged = Buffer.from(message.segments[5] as Buffer)
    forged.writeUInt32BE(0xffffffff, 0)
    expect(open(5, forged, false)).toThrow(SealBrokenError)
  })

  it('opens nothing of another message under the same key and aad', () => {
    expect(open(0, sealTiny(randomBytes(8 * 6)).segments[0], false)).toThrow(SealBrokenError)
  })

  it('opens nothing with another key, aad or segment length', () => {
    const sealed = sealWhole({ key: KEY, aad: AAD, plain: Buffer.from('x') })
    expect(() => openMessage({ key: randomBytes(32), aad: AAD, sealed })).toThrow(SealBrokenError)
    expect(() => openMessage({ key: KEY, aad: Buffer.from('elsewhere'), sealed })).toThrow(SealBrokenError)
    expect(() => openMessage({ key: KEY, aad: AAD, sealed, parameters: TINY })).toThrow(SealBrokenError)
  })
})

describe('limits', () => {
  it('refuses a short inner segment, an over-long last one, and anything after the last', () => {
    const sealer = createSealer({ key: KEY, aad: AAD })
    expect(() => sealer.sealSegment([Buffer.alloc(PLAIN_SEGMENT_BYTES - 1)], false)).toThrow(RangeError)
    expect(() => sealer.sealSegment([Buffer.alloc(PLAIN_SEGMENT_BYTES + 1)], true)).toThrow(RangeError)
    sealer.sealSegment([Buffer.alloc(0)], true)
    expect(() => sealer.sealSegment([Buffer.alloc(0)], true)).toThrow(/sealed already/)
  })

  it('refuses more segments than a message may have', () => {
    const parameters = { ...TINY, segmentCountMax: 2 }
    const sealer = createSealer({ key: KEY, aad: AAD, parameters })
    sealer.sealSegment([Buffer.alloc(8)], false)
    expect(() => sealer.sealSegment([Buffer.alloc(8)], false)).toThrow(/too many segments/)
    const opener = createOpener({ key: KEY, aad: AAD, header: sealer.header, parameters })
    for (const index of [2, -1, 0.5])
      expect(() => opener.openSegment(index, Buffer.alloc(40), false)).toThrow(RangeError)
  })

  it('writes the sizes of the format', () => {
    expect([FLOE_HEADER_BYTES, PLAIN_SEGMENT_BYTES, SEALED_SEGMENT_BYTES]).toEqual([74, 65536, 65568])
    expect(sealedSizeOf(0)).toBe(74 + 32)
  })
})

function readVector(name: string): Buffer {
  return Buffer.from(readFileSync(new URL(name, VECTORS), 'utf8').trim(), 'hex')
}

function parametersOf(name: string): FloeParameters {
  const sealedSegmentBytes = name.endsWith('4K') ? 4096 : name.endsWith('IV256_64') ? 64 : 40
  return { sealedSegmentBytes, rotationMask: name.endsWith('rotation') ? 2 : 20, segmentCountMax: 2 ** 40 }
}

function sealTiny(plain: Buffer): { header: Buffer; segments: Buffer[] } {
  const sealer = createSealer({ key: KEY, aad: AAD, parameters: TINY })
  const segments: Buffer[] = []
  for (let offset = 0; offset < plain.length; offset += 8) {
    const isLast = offset + 8 >= plain.length
    segments.push(Buffer.concat(sealer.sealSegment([plain.subarray(offset, offset + 8)], isLast)))
  }
  return { header: sealer.header, segments }
}

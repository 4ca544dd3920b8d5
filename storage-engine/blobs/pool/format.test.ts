import { randomBytes } from 'node:crypto'
import { crc32c } from '@node-rs/crc32'
import { describe, expect, it } from 'vitest'
import { createChunkQueue } from '#storage-engine/blobs/pool/chunk-queue.ts'
import { formatLocator, parseLocator } from '#storage-engine/blobs/pool/locator.ts'
import {
  decodeRecordHeader,
  decodeSegmentHeader,
  encodeRecordHead,
  encodeSeal,
  encodeSegmentHeader,
  recordBytes,
  recordHeadBytes,
} from '#storage-engine/blobs/pool/segment-format.ts'
import { decodeStripeHeader, encodeStripeHeader } from '#storage-engine/blobs/pool/stripe-format.ts'

const SEGMENT_ID = '00112233445566778899aabb'
const OWNER = {
  namespaceId: '01020304-0506-7708-890a-0b0c0d0e0f10',
  bucketId: '11121314-1516-7718-991a-1b1c1d1e1f20',
  versionId: '21222324-2526-7728-a92a-2b2c2d2e2f30',
  partNumber: 7,
  form: 2,
}
const BLOB_ID = '31323334-3536-7738-b93a-3b3c3d3e3f40'
const CLUSTER_ID = '41424344-4546-7748-894a-4b4c4d4e4f50'
const WRITTEN_AT = 0x0190b4c70123

describe('A stripe header', () => {
  const stripe = {
    clusterId: CLUSTER_ID,
    blobId: BLOB_ID,
    owner: OWNER,
    writtenAt: WRITTEN_AT,
    payloadBytes: 5 * 2 ** 40,
  }

  it('keeps every field', () => {
    const bytes = randomBytes(4_096)
    encodeStripeHeader(bytes, stripe)
    expect(decodeStripeHeader(bytes)).toMatchObject({ ...stripe, headerBytes: 4_096 })
  })

  it('stands byte by byte as its specification says', () => {
    const bytes = Buffer.alloc(4_096, 0xff)
    const identityCrc = encodeStripeHeader(bytes, stripe)
    const expected = [
      `534345415553545201${'01'}0000${'00100000'}`,
      '4142434445467748894a4b4c4d4e4f50',
      '3132333435367738b93a3b3c3d3e3f40',
      '0102030405067708890a0b0c0d0e0f10',
      '1112131415167718991a1b1c1d1e1f20',
      '2122232425267728a92a2b2c2d2e2f30',
      `0700000000000000${'2301c7b49001'}0200`,
    ].join('')
    expect(bytes.toString('hex', 0, 112)).toBe(expected)
    expect(bytes.readUInt32LE(112)).toBe(crc32c(bytes.subarray(0, 112)))
    expect(identityCrc).toBe(bytes.readUInt32LE(112))
    expect(bytes.toString('hex', 116, 128)).toBe('000000000000000000050000')
    expect(bytes.readUInt32LE(128)).toBe(crc32c(bytes.subarray(0, 128)))
    expect(bytes.subarray(132).every((byte) => byte === 0)).toBe(true)
  })

  it('is refused with any bit flipped, and cut', () => {
    const bytes = Buffer.alloc(4_096)
    encodeStripeHeader(bytes, stripe)
    expectEveryBitToMatter(bytes, 132, (changed) => decodeStripeHeader(changed))
    expect(decodeStripeHeader(bytes.subarray(0, 131))).toBeNull()
  })
})

describe('A segment file header', () => {
  const header = {
    segmentId: SEGMENT_ID,
    writerId: 'ffeeddccbbaa998877665544',
    clusterId: CLUSTER_ID,
    createdAt: WRITTEN_AT,
  }

  it('keeps every field and is refused with any bit flipped', () => {
    const bytes = randomBytes(4_096)
    encodeSegmentHeader(bytes, header)
    expect(decodeSegmentHeader(bytes)).toEqual(header)
    expectEveryBitToMatter(bytes, 68, (changed) => decodeSegmentHeader(changed))
    expect(decodeSegmentHeader(bytes.subarray(0, 67))).toBeNull()
  })
})

describe('A record', () => {
  const place = { segmentId: SEGMENT_ID, offset: 8_256, groupOffset: 8_192 }
  const record = { blobId: BLOB_ID, owner: OWNER, writtenAt: WRITTEN_AT, payloadBytes: 100_000 }

  function encode(): Buffer {
    const bytes = randomBytes(recordBytes(record.payloadBytes))
    encodeRecordHead(bytes, place, record)
    return bytes
  }

  it('keeps every field and is refused with any bit flipped', () => {
    const bytes = encode()
    expect(decodeRecordHeader(bytes)).toMatchObject({ kind: 'blob', ...place, ...record, headBytes: 136 })
    expectEveryBitToMatter(bytes, 128, (changed) => decodeRecordHeader(changed))
    expect(decodeRecordHeader(bytes.subarray(0, 127))).toBeNull()
  })

  it('stands byte by byte as its specification says', () => {
    const bytes = encode()
    const expected = [
      `53524543${'01'}${'01'}${'02'}00${'a0860100'}00000000`,
      `40200000${'00200000'}${SEGMENT_ID}`,
      `07000000${'2301c7b490010000'}`,
      '3132333435367738b93a3b3c3d3e3f40',
      '0102030405067708890a0b0c0d0e0f10',
      '1112131415167718991a1b1c1d1e1f20',
      '2122232425267728a92a2b2c2d2e2f30',
      '000000000000000000000000',
    ].join('')
    expect(bytes.toString('hex', 0, 124)).toBe(expected)
  })

  it('continues block checksums from its header checksum', () => {
    const bytes = encode()
    const headerCrc = bytes.readUInt32LE(124)
    expect(headerCrc).toBe(crc32c(bytes.subarray(0, 124)))
    expect(bytes.readUInt32LE(128)).toBe(crc32c(bytes.subarray(136, 136 + 65_536), headerCrc))
    expect(bytes.readUInt32LE(132)).toBe(crc32c(bytes.subarray(136 + 65_536, 136 + 100_000), (headerCrc + 1) >>> 0))
  })

  it('takes a multiple of 64 bytes', () => {
    expect([0, 1, 65_536, 65_537].map(recordHeadBytes)).toEqual([128, 132, 132, 136])
    expect([0, 60, 61, 4_096].map(recordBytes)).toEqual([128, 192, 256, 4_288])
  })

  it('of a seal tells how many blobs the file holds', () => {
    const bytes = randomBytes(4_096)
    encodeSeal(bytes, place, 4_711)
    expect(decodeRecordHeader(bytes)).toEqual({ kind: 'seal', recordCount: 4_711, ...place })
  })
})

describe('A locator', () => {
  it('comes back from its text', () => {
    const stripe = { kind: 'stripe', nodeId: '0011223344556677', payloadBytes: 5 * 2 ** 40 } as const
    const segment = {
      kind: 'segment',
      nodeId: '0011223344556677',
      segmentId: SEGMENT_ID,
      recordOffset: 268_435_456,
      headBytes: 132,
      payloadBytes: 9,
    } as const
    expect(parseLocator(formatLocator(stripe))).toEqual(stripe)
    expect(parseLocator(formatLocator(segment))).toEqual(segment)
    expect(formatLocator(segment)).toBe('s1.0011223344556677.00112233445566778899aabb.268435456.132.9')
  })

  it.each(['', 'f1', 'f1.x.1', 's1.0011223344556677.a.1.1.1', 'f2.0011223344556677.1', 'f1.0011223344556677.1 '])(
    'refuses %j',
    (text) => {
      expect(() => parseLocator(text)).toThrow(TypeError)
    },
  )
})

describe('A chunk queue', () => {
  it('gives the bytes back in order, whatever the chunks', () => {
    const content = randomBytes(100_000)
    const queue = createChunkQueue()
    for (let offset = 0, step = 1; offset < content.length; offset += step, step = (step * 7) % 4_099) {
      queue.push(content.subarray(offset, offset + step))
    }
    const target = Buffer.alloc(70_001)
    queue.moveTo(target)
    expect(target.equals(content.subarray(0, 70_001))).toBe(true)
    expect(queue.size).toBe(29_999)
    expect(Buffer.concat(queue.drain()).equals(content.subarray(70_001))).toBe(true)
    expect(queue.size).toBe(0)
    expect(() => queue.moveTo(target)).toThrow()
  })

  it('does not keep a big buffer alive for a small view of it', () => {
    const queue = createChunkQueue()
    queue.push(Buffer.alloc(1_048_576).subarray(0, 100))
    expect(queue.drain()[0]?.buffer.byteLength).toBe(100)
  })
})

function expectEveryBitToMatter(bytes: Buffer, length: number, decode: (bytes: Buffer) => unknown): void {
  for (let bit = 0; bit < length * 8; bit += 1) {
    const changed = Buffer.from(bytes)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    if (decode(changed) !== null) throw new Error(`Bit ${bit} does not matter`)
  }
  expect(decode(bytes)).not.toBeNull()
}

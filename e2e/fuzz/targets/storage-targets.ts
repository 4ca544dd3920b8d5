import { createHash, createSecretKey } from 'node:crypto'
import { crc32c } from '@node-rs/crc32'
import type { FuzzTarget } from '#e2e/fuzz/fuzz-target.ts'
import { parseLocator } from '#storage-engine/blobs/pool/locator.ts'
import {
  decodeRecordHeader,
  decodeSegmentHeader,
  encodeRecordHead,
  encodeSeal,
  encodeSegmentHeader,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
} from '#storage-engine/blobs/pool/segment-format.ts'
import {
  decodeStripeHeader,
  encodeStripeHeader,
  STRIPE_HEADER_BYTES,
} from '#storage-engine/blobs/pool/stripe-format.ts'
import { createOpener, FLOE_HEADER_BYTES, SEALED_SEGMENT_BYTES, sealWhole } from '#storage-engine/crypto/floe.ts'
import { unwrapKey, wrapKey } from '#storage-engine/crypto/key-wrap.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

/** A broken seal is an answer. */
function orBroken<Value>(open: () => Value): Value | 'broken' {
  try {
    return open()
  } catch (error) {
    if (error instanceof SealBrokenError) return 'broken'
    throw error
  }
}

const KEY = createHash('sha256').update('fuzz').digest()
const AAD = Buffer.from('place')
const PLAIN = Buffer.from('what nobody may change unseen '.repeat(4))
const PARENT = { id: Buffer.alloc(16, 3), version: 1, key: createSecretKey(KEY) }
const WRAPPING = { parent: PARENT, context: AAD }

const SEAL_TARGETS: FuzzTarget[] = [
  {
    name: 'floe',
    seeds: [sealWhole({ key: KEY, aad: AAD, plain: PLAIN }), sealWhole({ key: KEY, aad: AAD, plain: Buffer.alloc(0) })],
    run: (input) =>
      orBroken(() => {
        const opener = createOpener({ key: KEY, aad: AAD, header: input.subarray(0, FLOE_HEADER_BYTES) })
        const opened = opener.openSegment(
          0,
          input.subarray(FLOE_HEADER_BYTES, FLOE_HEADER_BYTES + SEALED_SEGMENT_BYTES),
          true,
        )
        if (opened.length > 0 && !opened.equals(PLAIN)) throw new Error('Opened what was never sealed')
        return 'opened'
      }),
  },
  {
    name: 'key-wrap',
    seeds: [wrapKey({ ...WRAPPING, key: KEY })],
    run: (input) =>
      orBroken(() => {
        if (!unwrapKey({ ...WRAPPING, record: input }).equals(KEY)) throw new Error('Unwrapped another key')
        return 'unwrapped'
      }),
  },
]

const PLACE = { segmentId: 'a'.repeat(24), offset: 4096, groupOffset: 4096 }
const ID = '0190b4c7-0000-7000-8000-00000000c1a5'
const OWNER = { namespaceId: ID, bucketId: ID, versionId: ID, partNumber: 1, form: 2 }
const WRITTEN_AT = 1_700_000_000_000

function filled(size: number, fill: (target: Buffer) => void): Buffer {
  const target = Buffer.alloc(size)
  fill(target)
  return target
}

/** A checksum that fits, since no damage but an attacker's would pass by it. */
function withCrc(input: Buffer, at: number): Buffer {
  if (input.length < at + 4) return input
  const copy = Buffer.from(input)
  copy.writeUInt32LE(crc32c(copy.subarray(0, at)), at)
  return copy
}

/** As they come, and with their checksum mended. */
const FORMAT_TARGETS: FuzzTarget[] = [
  {
    name: 'segment-header',
    seeds: [
      filled(SEGMENT_HEADER_BYTES, (target) =>
        encodeSegmentHeader(target, { ...PLACE, writerId: 'b'.repeat(24), clusterId: ID, createdAt: WRITTEN_AT }),
      ).subarray(0, 80),
    ],
    run: (input) => [decodeSegmentHeader(input), decodeSegmentHeader(withCrc(input, 64))],
  },
  {
    name: 'segment-record',
    seeds: [
      filled(RECORD_HEADER_BYTES * 4, (target) =>
        encodeRecordHead(target, PLACE, { blobId: ID, owner: OWNER, writtenAt: WRITTEN_AT, payloadBytes: 100 }),
      ),
      filled(4096, (target) => encodeSeal(target, PLACE, 7)).subarray(0, 160),
    ],
    run: (input) => [decodeRecordHeader(input), decodeRecordHeader(withCrc(input, 124))],
  },
  {
    name: 'stripe-header',
    seeds: [
      filled(STRIPE_HEADER_BYTES, (target) => {
        encodeStripeHeader(target, { clusterId: ID, blobId: ID, owner: OWNER, writtenAt: WRITTEN_AT, payloadBytes: 9 })
      }).subarray(0, 160),
    ],
    run: (input) => [decodeStripeHeader(input), decodeStripeHeader(withCrc(input, 128))],
  },
  {
    name: 'locator',
    seeds: [`s1.${'a'.repeat(16)}.${'b'.repeat(24)}.4096.132.100`, `f1.${'a'.repeat(16)}.100`],
    run(input) {
      try {
        return parseLocator(input.toString('utf8'))
      } catch (error) {
        if (error instanceof TypeError && error.message.startsWith('Not a locator')) return 'no locator'
        throw error
      }
    },
  },
]

export const STORAGE_TARGETS: FuzzTarget[] = [...SEAL_TARGETS, ...FORMAT_TARGETS]

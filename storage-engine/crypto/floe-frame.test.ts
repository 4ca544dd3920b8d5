import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { PLAIN_SEGMENT_BYTES, SEALED_SEGMENT_BYTES, sealedSizeOf, sealWhole } from '#storage-engine/crypto/floe.ts'
import { createFloeFrame, plainSizeOf } from '#storage-engine/crypto/floe-frame.ts'

const SIZES = [0, 1, PLAIN_SEGMENT_BYTES - 1, PLAIN_SEGMENT_BYTES, PLAIN_SEGMENT_BYTES + 1, 3 * PLAIN_SEGMENT_BYTES]
const seal = (size: number) => sealWhole({ key: randomBytes(32), aad: Buffer.from('aad'), plain: randomBytes(size) })

function isWhole(message: Buffer, { step = 65_532, size = message.length } = {}): boolean {
  const frame = createFloeFrame(size)
  for (let at = 0; at < message.length; at += step) frame.push(message.subarray(at, at + step))
  return frame.isWhole()
}

describe.each(SIZES)('a message of %i bytes', (size) => {
  it.each([1_000_000, 65_532, 65_536, 997, 3])('is whole in pieces of %i bytes', (step) => {
    expect(isWhole(seal(size), { step })).toBe(true)
  })

  it('is not whole when a byte of its frame is changed, and none other is told from another', () => {
    const message = seal(size)
    const lengths = Array.from({ length: Math.ceil((message.length - 74) / SEALED_SEGMENT_BYTES) }, (_, index) => {
      const at = 74 + index * SEALED_SEGMENT_BYTES
      return [at, at + 1, at + 2, at + 3]
    })
    for (const at of [...Array(10).keys(), ...lengths.flat()]) {
      const changed = Buffer.from(message)
      changed[at] = (changed[at] as number) ^ 1
      expect(isWhole(changed), `byte ${at}`).toBe(false)
    }
    message[40] = (message[40] as number) ^ 1
    expect(isWhole(message)).toBe(true)
  })

  it('is not whole when it is cut, or followed by more', () => {
    const message = seal(size)
    expect(isWhole(message.subarray(0, -1))).toBe(false)
    expect(isWhole(message.subarray(0, -1), { size: message.length })).toBe(false)
    expect(isWhole(Buffer.concat([message, Buffer.alloc(1)]))).toBe(false)
    expect(isWhole(Buffer.concat([message, Buffer.alloc(1)]), { size: message.length })).toBe(false)
  })

  it('tells how much plaintext is in it', () => {
    expect(plainSizeOf(sealedSizeOf(size))).toBe(size)
  })
})

it('knows of sizes that no message has', () => {
  expect(
    [-1, 0, 73, 74, 105, sealedSizeOf(PLAIN_SEGMENT_BYTES) + 1, sealedSizeOf(PLAIN_SEGMENT_BYTES) + 32].map(
      plainSizeOf,
    ),
  ).toEqual(Array(7).fill(null))
  expect(isWhole(Buffer.alloc(0))).toBe(false)
  expect(isWhole(randomBytes(1000))).toBe(false)
})

import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { PLAIN_SEGMENT_BYTES, sealedSizeOf } from '#storage-engine/crypto/floe.ts'
import { createSealingEncoder } from '#storage-engine/objects/sealing-encoder.ts'
import { openMessage } from '#storage-engine/testing/open-message.ts'

const key = randomBytes(32)
const aad = Buffer.from('where it belongs')

const opened = (sealed: Buffer) => openMessage({ key, aad, sealed })

/** Writes the plaintext in steps, and takes out whatever there is of the message after each, in buffers of `take` bytes. */
function sealInSteps(plain: Buffer, { step, take }: { step: number; take: number }): Buffer {
  const encoder = createSealingEncoder({ key, aad, size: plain.length })
  const sealed: Buffer[] = []
  let read = 0
  let size = 0
  const readFrom = (written: number) => (input: Buffer) => {
    if (read + input.length > written) throw new Error('Asked for bytes that are not there yet')
    read += plain.copy(input, 0, read)
  }
  for (let written = 0; ; written = Math.min(written + step, plain.length)) {
    while (size < encoder.outputSize(written)) {
      const target = Buffer.alloc(Math.min(take, encoder.outputSize(written) - size))
      encoder.encode(target, readFrom(written))
      sealed.push(target)
      size += target.length
    }
    if (written === plain.length) return Buffer.concat(sealed)
  }
}

it.each([
  ['nothing', 0],
  ['one byte', 1],
  ['one full segment', PLAIN_SEGMENT_BYTES],
  ['a byte more than a segment', PLAIN_SEGMENT_BYTES + 1],
  ['two full segments', 2 * PLAIN_SEGMENT_BYTES],
  ['some segments and a bit', 5 * PLAIN_SEGMENT_BYTES + 3],
])('seals %s so that it opens again, however it is written and taken', (_, size) => {
  const plain = randomBytes(size)
  for (const step of [1_000_003, 65_536, 16_384, 1_009]) {
    for (const take of [1_000_003, 65_568, 65_532, 100, 16, 5]) {
      const message = sealInSteps(plain, { step, take })
      expect(message).toHaveLength(sealedSizeOf(size))
      expect(opened(message).equals(plain), `${step} and ${take}`).toBe(true)
    }
  }
})

it('leaves no byte of the plaintext where it has sealed it', () => {
  const plain = Buffer.alloc(3 * PLAIN_SEGMENT_BYTES, 'plaintext')
  expect(sealInSteps(plain, { step: 16_384, take: 65_532 }).includes('plaintext')).toBe(false)
})

it('has nothing to store before the first byte, and gives nothing beyond the last', () => {
  const encoder = createSealingEncoder({ key, aad, size: 10 })
  expect([encoder.outputSize(0), encoder.outputSize(10), encoder.inputSize]).toEqual([0, sealedSizeOf(10), 10])
  const target = Buffer.alloc(sealedSizeOf(10) + 1)
  expect(() => encoder.encode(target, () => {})).toThrow('More than the 116 bytes')
})

import { expect, it } from 'vitest'
import { fillRandom } from '#storage-engine/crypto/random-pool.ts'

it('never hands out the same bytes twice, across refills', () => {
  const seen = new Set<string>()
  for (let draw = 0; draw < 5000; draw++) {
    const bytes = Buffer.alloc(12)
    fillRandom(bytes, 0, 12)
    seen.add(bytes.toString('hex'))
  }
  expect(seen.size).toBe(5000)
})

it('fills only the range asked for', () => {
  const target = Buffer.alloc(64)
  fillRandom(target, 16, 32)
  expect(target.subarray(0, 16).equals(Buffer.alloc(16))).toBe(true)
  expect(target.subarray(16, 48).equals(Buffer.alloc(32))).toBe(false)
  expect(target.subarray(48).equals(Buffer.alloc(16))).toBe(true)
})

it('refuses more bytes than its pool holds', () => {
  expect(() => fillRandom(Buffer.alloc(9000), 0, 9000)).toThrow(RangeError)
})

import { expect, it, vi } from 'vitest'
import { fillRandom } from '#storage-engine/crypto/random-pool.ts'

const { pools } = vi.hoisted(() => ({ pools: new Set<Buffer>() }))

vi.mock('node:crypto', async (importOriginal) => {
  const crypto = await importOriginal<typeof import('node:crypto')>()
  const randomFillSync = (target: Buffer) => {
    pools.add(target)
    return crypto.randomFillSync(target)
  }
  return { ...crypto, randomFillSync }
})

it('never hands out the same bytes twice, across refills', () => {
  const seen = new Set<string>()
  for (let draw = 0; draw < 5000; draw++) {
    const bytes = Buffer.alloc(12)
    fillRandom(bytes, 0, 12)
    seen.add(bytes.toString('hex'))
  }
  expect(seen.size).toBe(5000)
})

it('keeps no copy of what it handed out', () => {
  const key = Buffer.alloc(32)
  fillRandom(key, 0, 32)
  expect(pools.size).toBe(1)
  for (const pool of pools) expect(pool.includes(key)).toBe(false)
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

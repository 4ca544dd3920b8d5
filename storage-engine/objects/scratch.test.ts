import { expect, it } from 'vitest'
import { READ_SCRATCH_BYTES } from '#storage-engine/blobs/blob-store.ts'
import { freeScratch, takeScratch } from '#storage-engine/objects/scratch.ts'

it('is as large as was asked for, and not many times larger', () => {
  for (const bytes of [0, 1, 4202, 16_384, 16_385, 65_642, 81_920, 81_921, READ_SCRATCH_BYTES]) {
    const scratch = takeScratch(bytes)
    expect(scratch.length).toBeGreaterThanOrEqual(bytes)
    expect(scratch.length).toBeLessThanOrEqual(Math.max(16_384, bytes * 5))
  }
})

it('gives out again what is free, and to one at a time', () => {
  const first = takeScratch(4000)
  freeScratch(first)
  expect(takeScratch(4000)).toBe(first)
  expect(takeScratch(4000)).not.toBe(first)
})

it('keeps a bounded number and gives the others back to the system at once', () => {
  const taken = Array.from({ length: 100 }, () => takeScratch(READ_SCRATCH_BYTES))
  for (const scratch of taken) freeScratch(scratch)
  const kept = taken.filter((scratch) => scratch.length > 0)
  expect(kept.length).toBe(typeof ArrayBuffer.prototype.transfer === 'function' ? 64 : 100)
})

it('refuses more than the largest', () => {
  expect(() => takeScratch(READ_SCRATCH_BYTES + 1)).toThrow(RangeError)
})

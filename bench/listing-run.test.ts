import { expect, test } from 'vitest'
import { describeListing, isListingKept } from '#bench/listing-run.ts'

const result = (excess: number) => ({ shape: 'x', smallMs: 10, largeMs: 10 * (1 + excess), excess })

test('a page of a large bucket may take 15 % longer than one of a small bucket, and no more', () => {
  expect([-0.3, 0, 0.15, 0.16].map((excess) => isListingKept(result(excess)))).toEqual([true, true, true, false])
  expect(describeListing(result(0.1))).toMatch(/11\.00 ms.*10\.00 ms \(\+10\.0 %\).*kept$/)
  expect(describeListing(result(0.2))).toMatch(/MISSED$/)
})

import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { isoTime } from '#storage-engine/iso-time.ts'

it('writes every date as toISOString does, in any order', () => {
  const edges = [0, 9, 10, 99, 100, 999, 1_000, 59_999, 60_000, -1, -60_000, -62_198_755_200_001, 253_402_300_800_000]
  const drawn = Array.from({ length: 5_000 }, () => randomInt(2 ** 47) - 2 ** 46)
  const near = drawn.map((time) => time + randomInt(90_000))
  for (const time of [...edges, ...drawn.flatMap((each, index) => [each, near[index] as number])]) {
    const date = new Date(time)
    expect(isoTime(date)).toBe(date.toISOString())
  }
})

it('refuses an invalid date every time', () => {
  expect(() => isoTime(new Date(Number.NaN))).toThrow(RangeError)
  expect(() => isoTime(new Date(Number.NaN))).toThrow(RangeError)
})

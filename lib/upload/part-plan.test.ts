import { describe, expect, it } from 'vitest'
import { fitsOneRequest, OBJECT_BYTES_MAX, PART_BYTES_MIN, PARTS_MAX, planParts } from '#lib/upload/part-plan.ts'

describe('planParts', () => {
  it.each([
    ['one byte over a part', PART_BYTES_MIN + 1, 2],
    ['37 MB', 37_000_000, 3],
    ['an exact multiple', PART_BYTES_MIN * 4, 4],
    ['the largest object of S3', OBJECT_BYTES_MAX, PARTS_MAX],
  ])('covers every byte once: %s', (_name, size, count) => {
    const parts = planParts(size)
    expect(parts).toHaveLength(count)
    expect(parts[0]).toMatchObject({ partNumber: 1, start: 0 })
    for (const [index, part] of parts.entries()) {
      expect(part.partNumber).toBe(index + 1)
      expect(part.start).toBe(index === 0 ? 0 : parts[index - 1]?.end)
      expect(part.end).toBeGreaterThan(part.start)
    }
    expect(parts.at(-1)?.end).toBe(size)
  })

  it('sends a file of one part in a single request', () => {
    expect(fitsOneRequest(0)).toBe(true)
    expect(fitsOneRequest(PART_BYTES_MIN)).toBe(true)
    expect(fitsOneRequest(PART_BYTES_MIN + 1)).toBe(false)
  })
})

import { describe, expect, it } from 'vitest'
import { newId } from '#storage-engine/ids.ts'

describe('newId', () => {
  it('is a UUID of version 7 that carries the time', () => {
    const before = Date.now()
    const id = newId()
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(Number.parseInt(id.slice(0, 13).replace('-', ''), 16)).toBeGreaterThanOrEqual(before)
  })

  it('grows strictly, also within one millisecond and when the clock steps back', () => {
    const now = Date.now() + 60_000
    const ids = Array.from({ length: 20_000 }, (_, index) => newId(index % 3 === 0 ? now - 5_000 : now))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.toSorted()).toEqual(ids)
  })
})

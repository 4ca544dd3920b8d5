import { expect, it } from 'vitest'
import { createRestartDelay } from '#storage-engine/supervisor/restart-delay.ts'

it('doubles while deaths follow quickly, up to two seconds, and starts over after a healthy life', () => {
  let now = 0
  const delay = createRestartDelay(() => now)
  const quick = Array.from({ length: 7 }, () => {
    now += 1_000
    return delay.next()
  })
  expect(quick).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000])
  now += 10_000
  expect(delay.next()).toBe(100)
})

import { expect, test } from 'vitest'
import { createAttemptLimit } from '#storage-engine/accounts/attempt-limit.ts'

function limitAt(clock: { now: number }) {
  return createAttemptLimit({ attemptsMax: 3, windowMs: 1000, keysMax: 2, now: () => clock.now })
}

test('allows as many attempts as the limit, then none', () => {
  const limit = limitAt({ now: 0 })
  expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([true, true, true, false])
  expect(limit.take('b')).toBe(true)
})

test('allows again once the window that began with the first attempt is over', () => {
  const clock = { now: 0 }
  const limit = limitAt(clock)
  limit.take('a')
  clock.now = 999
  expect([1, 2, 3].map(() => limit.take('a'))).toEqual([true, true, false])
  clock.now = 1000
  expect(limit.take('a')).toBe(true)
})

test('does not count an attempt that turned out well', () => {
  const limit = limitAt({ now: 0 })
  for (let attempt = 0; attempt < 3; attempt++) limit.take('a')
  limit.giveBack('a')
  expect([1, 2].map(() => limit.take('a'))).toEqual([true, false])
})

test('starts a forgotten key afresh', () => {
  const limit = limitAt({ now: 0 })
  for (let attempt = 0; attempt < 3; attempt++) limit.take('a')
  limit.forget('a')
  expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([true, true, true, false])
})

test('keeps no more keys than it may', () => {
  const limit = limitAt({ now: 0 })
  for (let attempt = 0; attempt < 3; attempt++) limit.take('a')
  limit.take('b')
  limit.take('c')
  expect(limit.take('a')).toBe(true)
})

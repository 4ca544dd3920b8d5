import { expect, it } from 'vitest'
import { Pace } from '#storage-engine/jobs/pace.ts'

const never = new AbortController().signal

it('lets everything pass without a limit, and measures it over the last seconds', async () => {
  let now = 0
  const pace = new Pace({ limit: null, signal: never, now: () => now })
  expect(pace.bytesPerSecond()).toBeNull()
  for (; now < 4_000; now += 1_000) {
    await pace.take(10_000_000)
    pace.noteDone(10_000_000)
  }
  expect(pace.bytesPerSecond()).toBe(10_000_000)
  now += 60_000
  expect(pace.bytesPerSecond()).toBeNull()
})

it('lets pass what a second allows, then makes each piece wait for the ones before', async () => {
  const limit = 1_000_000
  let now = 5_000
  const stopping = new AbortController()
  const pace = new Pace({ limit, signal: stopping.signal, now: () => now })
  now += 10_000
  await pace.take(limit)
  let hasPassed = false
  const second = pace.take(600 * limit).then(() => {
    hasPassed = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(hasPassed).toBe(false)
  stopping.abort(new Error('halted'))
  await expect(second).rejects.toThrow()
  await expect(pace.take(1)).rejects.toThrow('halted')
})

it('takes another limit at once', async () => {
  const pace = new Pace({ limit: 1, signal: never, now: () => 0 })
  pace.limit = null
  await pace.take(1_000_000)
})

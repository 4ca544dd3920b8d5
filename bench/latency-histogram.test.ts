import { expect, it } from 'vitest'
import { addCounts, createHistogram, quantileMs } from '#bench/latency-histogram.ts'

it('tells quantiles to two per cent', () => {
  const histogram = createHistogram()
  for (let micros = 1; micros <= 10_000; micros++) histogram.add(micros)
  expect(quantileMs(histogram.counts, 0.5)).toBeGreaterThan(5 * 0.98)
  expect(quantileMs(histogram.counts, 0.5)).toBeLessThan(5 * 1.021)
  expect(quantileMs(histogram.counts, 0.99)).toBeLessThan(9.9 * 1.021)
  expect(quantileMs(createHistogram().counts, 0.5)).toBeNaN()
})

it('adds the counts of two processes', () => {
  const fast = createHistogram()
  const slow = createHistogram()
  for (let index = 0; index < 90; index++) fast.add(100)
  for (let index = 0; index < 10; index++) slow.add(5_000)
  const both = addCounts(fast.counts, slow.counts)
  expect(quantileMs(both, 0.9)).toBeLessThan(0.11)
  expect(quantileMs(both, 0.91)).toBeGreaterThan(4.9)
})

import { describe, expect, it } from 'vitest'
import { createRateMeter } from '#lib/upload/rate-meter.ts'

describe('createRateMeter', () => {
  it('says nothing before it has seen a second', () => {
    const meter = createRateMeter()
    meter.record(0, 0)
    meter.record(5_000_000, 500)
    expect(meter.rate()).toBe(0)
  })

  it('measures the last eight seconds, not the whole upload', () => {
    const meter = createRateMeter()
    meter.record(0, 0)
    meter.record(1_000, 60_000)
    meter.record(9_000, 64_000)
    expect(meter.rate()).toBe(2_000)
  })

  it('never shows a negative rate after a cancelled file', () => {
    const meter = createRateMeter()
    meter.record(9_000, 0)
    meter.record(1_000, 2_000)
    expect(meter.rate()).toBe(0)
  })
})

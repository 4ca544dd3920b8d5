import { afterEach, describe, expect, it } from 'vitest'
import { FLIP_SETTINGS, runFlipExperiment } from '#e2e/chaos/flip-experiment.ts'
import { type Product, startProduct } from '#e2e/product.ts'

let product: Product | null = null
afterEach(async () => {
  await product?.stop()
  product = null
})

describe('the switch of a namespace, thrown under mixed load and kills', () => {
  it('is obeyed by every later write, changes no object, and leaves no plaintext', { timeout: 300_000 }, async () => {
    product = await startProduct({ env: FLIP_SETTINGS })
    const flipped = await runFlipExperiment({ product, flips: 4, kills: 2, report: () => {} })
    expect(flipped.violations).toEqual([])
    expect(flipped.eventCount).toBeGreaterThan(100)
    expect(flipped.killed).toEqual({ gateway: 1, jobs: 1 })
    expect(flipped.left).toEqual({ plainCount: 0, windows: expect.toSatisfy((count) => count > 100_000), hits: 0 })
  })

  it('goes red for a twin whose commits do not look at the switch', { timeout: 300_000 }, async () => {
    product = await startProduct({ env: FLIP_SETTINGS, program: 'e2e/chaos/unchecked-epoch-main.ts' })
    const { violations } = await runFlipExperiment({ product, flips: 9, kills: 0, report: () => {} })
    expect(violations.map(({ invariant }) => invariant)).toContain('ENC-1')
  })
})

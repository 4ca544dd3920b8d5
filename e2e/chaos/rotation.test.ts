import { afterEach, describe, expect, it } from 'vitest'
import { runRotationExperiment } from '#e2e/chaos/rotation-experiment.ts'
import { type Product, startProduct } from '#e2e/product.ts'

let product: Product | null = null
afterEach(async () => {
  await product?.stop()
  product = null
})

describe('the keys of root and namespace, rotated under load and kills', () => {
  it('answers no read wrongly, rewrites no byte and leaves nothing to old versions', { timeout: 300_000 }, async () => {
    product = await startProduct()
    const rotated = await runRotationExperiment({ product, rounds: 1, report: () => {} })
    expect(rotated.violations).toEqual([])
    expect(rotated.readCount).toBeGreaterThan(20)
    expect(rotated.callCount).toBeGreaterThan(20)
    expect(rotated.killed).toEqual({ gateway: expect.any(Number), jobs: expect.any(Number) })
  })

  it('goes red for a twin whose versions are retired before all is wrapped again', { timeout: 300_000 }, async () => {
    product = await startProduct({ program: 'e2e/chaos/early-retire-main.ts' })
    const { violations } = await runRotationExperiment({ product, rounds: 1, report: () => {} })
    expect(violations).toContainEqual(expect.stringMatching(/^a read was interrupted: GET \S+ answered 403/))
  })
})

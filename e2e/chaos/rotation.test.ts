import { afterEach, expect, it } from 'vitest'
import { runRotationExperiment } from '#e2e/chaos/rotation-experiment.ts'
import { type Product, startProduct } from '#e2e/product.ts'

let product: Product | null = null
afterEach(async () => {
  await product?.stop()
  product = null
})

it('rotates the keys of root and namespace under load without a failed read or a rewritten byte', {
  timeout: 300_000,
}, async () => {
  product = await startProduct()
  const { violations, readCount, callCount } = await runRotationExperiment({ product, rounds: 1, report: () => {} })
  expect(violations).toEqual([])
  expect(readCount).toBeGreaterThan(20)
  expect(callCount).toBeGreaterThan(20)
})

import { afterEach, describe, expect, it } from 'vitest'
import { runKillExperiment } from '#e2e/chaos/kill-experiment.ts'
import { type Product, type Role, startProduct } from '#e2e/product.ts'

let product: Product | null = null
afterEach(async () => {
  await product?.stop()
  product = null
})

const experiment = { keyCount: 40, pauseMs: [700, 1_200] as [number, number], report: () => {} }

describe('processes killed under mixed load', () => {
  it('loses nothing that was acknowledged and shows nothing that was not', { timeout: 180_000 }, async () => {
    product = await startProduct()
    const { violations, eventCount, client } = await runKillExperiment({ ...experiment, target: product, kills: 6 })
    client.close()
    expect(violations).toEqual([])
    expect(eventCount).toBeGreaterThan(100)
  })

  it('goes red for a twin that answers before the bytes are durable', { timeout: 180_000 }, async () => {
    const twin = await startProduct({ program: 'e2e/chaos/early-ack-main.ts' })
    product = twin
    const target = { ...twin, kill: (role: Role) => (role === 'gateway' ? twin.kill(role) : null) }
    const { violations, client } = await runKillExperiment({ ...experiment, target, kills: 6 })
    client.close()
    expect(violations.map(({ invariant }) => invariant)).toEqual(
      expect.arrayContaining([expect.stringMatching(/I1|I18/)]),
    )
  })
})

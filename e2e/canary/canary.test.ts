import { expect, it } from 'vitest'
import { runCanaryExperiment } from '#e2e/canary/canary-experiment.ts'

const once = { rounds: 1, report: () => {} }

it('leaves no 32 bytes of any body in any file when the namespace is encrypted', { timeout: 180_000 }, async () => {
  const { hits, windows, files } = await runCanaryExperiment({ ...once, encryption: 'on' })
  expect(hits).toEqual([])
  expect(windows).toBeGreaterThan(10_000_000)
  expect(files).toBeGreaterThan(10)
})

it('finds the bodies when it is not, so that the search is known to see', { timeout: 180_000 }, async () => {
  const { hits } = await runCanaryExperiment({ ...once, encryption: 'off' })
  expect(new Set(hits.map(({ canary }) => canary)).size).toBeGreaterThan(10)
})

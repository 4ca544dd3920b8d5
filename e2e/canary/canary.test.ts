import { expect, it } from 'vitest'
import { runCanaryExperiment } from '#e2e/canary/canary-experiment.ts'

const once = { rounds: 1, report: () => {} }

it('leaves no 32 bytes of any body in any file when the namespace is encrypted', { timeout: 180_000 }, async () => {
  const { hits, windows, files, secretHits } = await runCanaryExperiment({ ...once, encryption: 'on' })
  expect(hits).toEqual([])
  expect(secretHits).toEqual([])
  expect(windows).toBeGreaterThan(10_000_000)
  expect(files).toBeGreaterThan(10)
})

it('finds every body that is kept when it is not, so that the search is known to see', {
  timeout: 180_000,
}, async () => {
  const { hits, unseen, secretHits } = await runCanaryExperiment({ ...once, encryption: 'off' })
  expect(new Set(hits.map(({ canary }) => canary)).size).toBeGreaterThan(20)
  expect(unseen).toEqual([])
  expect(secretHits).toEqual([])
})

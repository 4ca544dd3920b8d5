import { expect, it } from 'vitest'
import { describeCost, encryptionCostOf, isCostDecided, isCostKept } from '#bench/encryption-cost.ts'
import type { CellResult } from '#bench/run-cell.ts'

function result(target: string, perSecond: number, cpu: number): CellResult {
  return {
    cell: 'PUT 4 KiB × 64',
    target,
    requests: 1000,
    failures: 0,
    firstFailure: '',
    seconds: 1,
    perSecond,
    bytesPerSecond: perSecond * 4096,
    p50Ms: 1,
    p99Ms: 2,
    cpuMicrosPerRequest: { gateway: cpu, postgres: 20 },
    loadCpuMicrosPerRequest: 10,
    peakRssBytes: null,
    committed: null,
  }
}

it('compares the runs of both kinds, whatever their order', () => {
  const runs = [
    result('D@RE on', 900, 90),
    result('D@RE off', 1000, 80),
    result('D@RE off', 1000, 80),
    result('D@RE on', 940, 84),
  ]
  const cost = encryptionCostOf(runs)
  expect(cost?.throughput).toBeCloseTo(0.08)
  expect(cost?.cpu).toBeCloseTo(0.07)
})

it('does not count a round that was disturbed', () => {
  const rounds = [
    [900, 1000],
    [930, 1000],
    [200, 1000],
    [940, 500],
    [465, 500],
  ]
  const runs = rounds.flatMap(([on = 0, off = 0], round) => {
    const pair = [result('D@RE on', on, 90), result('D@RE off', off, 80)]
    return round % 2 === 0 ? pair : pair.toReversed()
  })
  expect(encryptionCostOf(runs)?.throughput).toBeCloseTo(0.07)
})

it('is decided once the limit is far away for how much the rounds differ', () => {
  const after = (costs: number[]) =>
    encryptionCostOf(costs.flatMap((cost) => [result('D@RE on', 1000 * (1 - cost), 90), result('D@RE off', 1000, 80)]))
  const rounds = [0.02, 0.12, 0.05, 0.08, 0.07]
  const few = after(rounds)
  const many = after(Array.from({ length: 20 }, () => rounds).flat())
  const far = after([-0.12, -0.1, -0.2, -0.15, -0.18])
  const single = after([-0.2])
  expect([few, many, far, single].map((cost) => cost !== null && isCostDecided(cost))).toEqual([
    false,
    true,
    true,
    false,
  ])
  expect([few?.rounds, many?.rounds]).toEqual([5, 100])
  expect(few?.error).toBeCloseTo((1.2533 * 1.4826 * 0.02) / Math.sqrt(5))
})

it('says nothing where one kind is missing', () => {
  expect(encryptionCostOf([result('D@RE on', 900, 90), result('other:9000', 1000, 80)])).toBeNull()
})

it.each([
  [930, true, 'kept'],
  [900, true, 'kept'],
  [890, false, 'MISSED'],
])('judges %i against 1,000', (perSecond, isKept, verdict) => {
  const cost = encryptionCostOf([result('D@RE on', perSecond, 90), result('D@RE off', 1000, 80)])
  if (cost === null) throw new Error('There is a run of either kind')
  expect(isCostKept(cost)).toBe(isKept)
  expect(describeCost(cost)).toMatch(new RegExp(`: ${verdict}$`))
})

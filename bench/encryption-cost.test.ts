import { expect, it } from 'vitest'
import { describeCost, encryptionCostOf, isCostKept } from '#bench/encryption-cost.ts'
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

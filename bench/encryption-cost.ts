import type { CellResult } from '#bench/run-cell.ts'

/** What D@RE costs in one cell, from runs with and without it in turn. */
export interface EncryptionCost {
  cell: string
  /** Of operations a second: 0.05 is one operation in twenty. */
  throughput: number
  /** Of the product's CPU a request, all of its processes together. */
  cpu: number
}

/** Of operations a second, at most. */
const COST_MAX = 0.1

/** Null unless the results hold runs of both kinds. */
export function encryptionCostOf(results: readonly CellResult[]): EncryptionCost | null {
  const on = results.filter(({ target }) => target === 'D@RE on')
  const off = results.filter(({ target }) => target === 'D@RE off')
  const [first] = on
  if (first === undefined || off.length === 0) return null
  const rate = ({ perSecond }: CellResult) => perSecond
  return {
    cell: first.cell,
    throughput: 1 - mean(on, rate) / mean(off, rate),
    cpu: mean(on, cpuOf) / mean(off, cpuOf) - 1,
  }
}

export function isCostKept({ throughput }: EncryptionCost): boolean {
  return throughput <= COST_MAX
}

export function describeCost(cost: EncryptionCost): string {
  const percent = (part: number) => `${Math.round(part * 100)} %`
  return (
    `${cost.cell}: D@RE costs ${percent(cost.throughput)} of throughput and ${percent(cost.cpu)} more CPU; ` +
    `committed ≤ ${percent(COST_MAX)} of throughput: ${isCostKept(cost) ? 'kept' : 'MISSED'}`
  )
}

function cpuOf({ cpuMicrosPerRequest }: CellResult): number {
  return Object.values(cpuMicrosPerRequest).reduce((sum, micros) => sum + micros, 0)
}

function mean(results: readonly CellResult[], measure: (result: CellResult) => number): number {
  return results.reduce((sum, result) => sum + measure(result), 0) / results.length
}

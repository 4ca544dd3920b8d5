import type { CellResult } from '#bench/run-cell.ts'

/** What D@RE costs in one cell: the median of its rounds, in each of which both sides ran one right after the other. */
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
  const rounds = on.slice(0, off.length).map((sealed, round) => ({ sealed, plain: off[round] as CellResult }))
  return {
    cell: first.cell,
    throughput: 1 - median(rounds.map(({ sealed, plain }) => sealed.perSecond / plain.perSecond)),
    cpu: median(rounds.map(({ sealed, plain }) => cpuOf(sealed) / cpuOf(plain))) - 1,
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

/** Something else may disturb a round or two: a mean would count it in. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((first, second) => first - second)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] as number) + (sorted[Math.floor(middle)] as number)) / 2
}

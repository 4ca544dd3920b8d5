import type { CellResult } from '#bench/run-cell.ts'

/** What D@RE costs in one cell: the median of its rounds, in each of which both sides ran one right after the other. */
export interface EncryptionCost {
  cell: string
  /** Of operations a second: 0.05 is one operation in twenty. */
  throughput: number
  /** Standard error of that, by how much the rounds differ; infinite after a single round. */
  error: number
  rounds: number
  /** Of the product's CPU a request, all of its processes together. */
  cpu: number
}

/** Of operations a second, at most. */
const COST_MAX = 0.1
/** A cost that is closer to the limit, in standard errors, may well lie on its other side. */
const ERRORS_APART = 2
/** Standard deviations of a normal distribution: of its median absolute deviation, and of the median of many samples. */
const DEVIATION_PER_MAD = 1.4826
const MEDIAN_ERROR = 1.2533

/** Null unless the results hold runs of both kinds. */
export function encryptionCostOf(results: readonly CellResult[]): EncryptionCost | null {
  const on = results.filter(({ target }) => target === 'D@RE on')
  const off = results.filter(({ target }) => target === 'D@RE off')
  const [first] = on
  if (first === undefined || off.length === 0) return null
  const rounds = on.slice(0, off.length).map((sealed, round) => ({ sealed, plain: off[round] as CellResult }))
  const costs = rounds.map(({ sealed, plain }) => 1 - sealed.perSecond / plain.perSecond)
  return {
    cell: first.cell,
    throughput: median(costs),
    error: errorOfMedian(costs),
    rounds: costs.length,
    cpu: median(rounds.map(({ sealed, plain }) => cpuOf(sealed) / cpuOf(plain))) - 1,
  }
}

export function isCostKept({ throughput }: EncryptionCost): boolean {
  return throughput <= COST_MAX
}

/** Whether more rounds would hardly change the verdict. */
export function isCostDecided({ throughput, error }: EncryptionCost): boolean {
  return Math.abs(throughput - COST_MAX) > ERRORS_APART * error
}

export function describeCost(cost: EncryptionCost): string {
  const percent = (part: number) => `${Math.round(part * 100)} %`
  return (
    `${cost.cell}: D@RE costs ${percent(cost.throughput)} of throughput and ${percent(cost.cpu)} more CPU ` +
    `(${cost.rounds} rounds, standard error ${percent(cost.error)}); ` +
    `committed ≤ ${percent(COST_MAX)} of throughput: ${isCostKept(cost) ? 'kept' : 'MISSED'}`
  )
}

function cpuOf({ cpuMicrosPerRequest }: CellResult): number {
  return Object.values(cpuMicrosPerRequest).reduce((sum, micros) => sum + micros, 0)
}

function errorOfMedian(values: readonly number[]): number {
  if (values.length < 2) return Number.POSITIVE_INFINITY
  const middle = median(values)
  const deviation = DEVIATION_PER_MAD * median(values.map((value) => Math.abs(value - middle)))
  return (MEDIAN_ERROR * deviation) / Math.sqrt(values.length)
}

/** Something else may disturb a round or two: a mean would count it in. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((first, second) => first - second)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] as number) + (sorted[Math.floor(middle)] as number)) / 2
}

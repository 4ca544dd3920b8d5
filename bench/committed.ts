import type { Cell } from '#bench/cells.ts'

/** A figure that the product is committed to on a machine of two cores. */
export interface Committed {
  text: string
  /** What was reached over what was committed; 1 and more is kept. */
  ratioOf(measured: { perSecond: number; bytesPerSecond: number; p50Ms: number }): number
}

/** Runs on one machine differ by this much. */
export const NOISE = 0.15

const KIB = 1024
const MIB = 1024 * KIB

const perSecond = (count: number): Committed => ({
  text: `${count.toLocaleString('en')}/s`,
  ratioOf: (measured) => measured.perSecond / count,
})
const megabytes = (count: number): Committed => ({
  text: `${count} MB/s`,
  ratioOf: (measured) => measured.bytesPerSecond / 1e6 / count,
})
const p50 = (milliseconds: number): Committed => ({
  text: `p50 ${milliseconds} ms`,
  ratioOf: (measured) => milliseconds / measured.p50Ms,
})

interface Row {
  operation: Cell['operation']
  size: number
  clients: number[]
  committed: Committed
}

const ROWS: Row[] = [
  { operation: 'PUT', size: 4 * KIB, clients: [64, 256], committed: perSecond(12_000) },
  { operation: 'PUT', size: 4 * KIB, clients: [1], committed: p50(1.2) },
  { operation: 'GET', size: 4 * KIB, clients: [64, 256], committed: perSecond(15_000) },
  { operation: 'HEAD', size: 4 * KIB, clients: [64, 256], committed: perSecond(20_000) },
  { operation: 'PUT', size: 64 * KIB, clients: [16, 64, 256], committed: perSecond(3_000) },
  { operation: 'GET', size: 64 * KIB, clients: [16, 64, 256], committed: perSecond(8_000) },
  { operation: 'PUT', size: MIB, clients: [16, 64, 256], committed: megabytes(350) },
  { operation: 'GET', size: MIB, clients: [16, 64, 256], committed: megabytes(700) },
  { operation: 'PUT', size: 64 * MIB, clients: [16, 64], committed: megabytes(400) },
  { operation: 'GET', size: 64 * MIB, clients: [16, 64], committed: megabytes(900) },
  { operation: 'LIST', size: 1000, clients: [1], committed: p50(4) },
  { operation: 'LIST', size: 1000, clients: [16, 64, 256], committed: perSecond(400) },
  { operation: 'CONNECT', size: 4 * KIB, clients: [16], committed: perSecond(1_200) },
]

/** Null for a cell without a commitment. */
export function committedOf(cell: Cell): Committed | null {
  if (cell.delimiter) return null
  const row = ROWS.find(
    ({ operation, size, clients }) =>
      operation === cell.operation && size === cell.size && clients.includes(cell.clients),
  )
  return row?.committed ?? null
}

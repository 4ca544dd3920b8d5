/**
 * Latencies in microseconds, in buckets that grow by 2 %, so that any quantile is right to 2 % and two processes' counts
 * can be added.
 */
const GROWTH = Math.log(1.02)
const BUCKETS = 1000

export interface LatencyHistogram {
  add(micros: number): void
  counts: number[]
}

export function createHistogram(): LatencyHistogram {
  const counts = new Array<number>(BUCKETS).fill(0)
  return {
    counts,
    add(micros) {
      const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.ceil(Math.log(micros) / GROWTH)))
      counts[bucket] = (counts[bucket] as number) + 1
    },
  }
}

/** The latency in milliseconds that the given share (0…1) of the requests did not exceed; NaN when there were none. */
export function quantileMs(counts: number[], share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return Number.NaN
  let seen = 0
  for (const [bucket, count] of counts.entries()) {
    seen += count
    if (seen >= share * total) return Math.exp(bucket * GROWTH) / 1000
  }
  return Number.NaN
}

export function addCounts(a: number[], b: number[]): number[] {
  return a.map((count, bucket) => count + (b[bucket] ?? 0))
}

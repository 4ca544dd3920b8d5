import type { LoadPool } from '#bench/load-pool.ts'
import { watchPeakRss } from '#bench/process-usage.ts'
import type { BenchTarget } from '#bench/run-cell.ts'

export interface MemoryResult {
  uploads: number
  failures: number
  firstFailure: string
  bytesPerSecond: number
  /** Of all processes of the product together, before and at the highest. */
  idleRssBytes: number
  peakRssBytes: number
  /** What processes have for themselves at that moment, by group. */
  peakOwnBytes: Record<string, number>
  limitBytes: number
}

const UPLOADS = 1000
const UPLOAD_BYTES = 16 << 20
const LIMIT_BYTES = 1 << 30

/** A thousand uploads of 16 MiB at once, each over a connection of its own: how much memory does the product take? */
export async function runMemory(target: BenchTarget, pool: LoadPool): Promise<MemoryResult> {
  const { readUsage } = target
  if (readUsage === null) throw new Error('Memory is measured of our own processes only')
  const idleRssBytes = readUsage().rssBytes
  await pool.prepare({
    service: target.service,
    bucket: target.bucket,
    operation: 'PUT',
    size: UPLOAD_BYTES,
    connections: UPLOADS,
    seconds: 600,
    requestsMax: UPLOADS,
    keyPrefix: `memory-${Date.now()}-`,
    keyCount: 0,
    folders: false,
    query: {},
  })
  const watch = watchPeakRss(readUsage, 100)
  const { requests, failures, firstFailure, bodyBytes, seconds } = await pool.run()
  const peak = watch.stop()
  return {
    uploads: requests,
    failures,
    firstFailure,
    bytesPerSecond: bodyBytes / seconds,
    idleRssBytes,
    peakRssBytes: peak.rssBytes,
    peakOwnBytes: Object.fromEntries(peak.ownBytes),
    limitBytes: LIMIT_BYTES,
  }
}

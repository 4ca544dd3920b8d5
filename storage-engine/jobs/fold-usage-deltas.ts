import type { Engine } from '#storage-engine/engine.ts'
import { foldUsage } from '#storage-engine/metadata/usage.ts'

const PAGE_SIZE = 10_000

/** Adds what commits recorded to the buckets' usage rows, so that reading usage stays cheap. */
export async function foldUsageDeltas(engine: Engine, { signal }: { signal: AbortSignal }): Promise<string> {
  let foldedCount = 0
  while (!signal.aborted) {
    const count = await foldUsage(engine.db, { limit: PAGE_SIZE })
    foldedCount += count
    if (count < PAGE_SIZE) break
  }
  return `${foldedCount} usage deltas folded`
}

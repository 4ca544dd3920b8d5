import type { Engine } from '#storage-engine/engine.ts'
import { forgetDeliveries as forgetRows } from '#storage-engine/metadata/events.ts'

/** How long the delivery log, and events that were given up, can be looked at. */
const LOG_DAYS = 14
const DAY_MS = 86_400_000
const PAGE_SIZE = 5_000

/** Forgets old attempts of deliveries, and events that were given up long ago. */
export async function forgetDeliveries(engine: Engine, { signal }: { signal: AbortSignal }): Promise<string> {
  const before = new Date(Date.now() - LOG_DAYS * DAY_MS)
  let forgottenCount = 0
  let count = PAGE_SIZE
  while (count >= PAGE_SIZE && !signal.aborted) {
    count = await forgetRows(engine.db, { before, limit: PAGE_SIZE })
    forgottenCount += count
  }
  return `${forgottenCount} deliveries forgotten`
}

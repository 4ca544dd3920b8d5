import { createRateMeter } from '#lib/upload/rate-meter.ts'
import { summarize, type UploadItem, type UploadSummary } from '#lib/upload/upload-item.ts'
import { type QueueTools, UploadQueue } from '#lib/upload/upload-queue.ts'

const SNAPSHOT_MS = 120

export interface UploadSnapshot {
  items: readonly UploadItem[]
  summary: UploadSummary
  /** Bytes a second; 0 while unknown. */
  rate: number
  online: boolean
  /** Files found so far in folders that are still being read; null when none is. */
  readingCount: number | null
}

const EMPTY: UploadSnapshot = { items: [], summary: summarize([]), rate: 0, online: true, readingCount: null }

export interface UploadStore {
  queue: UploadQueue
  /** For useSyncExternalStore. */
  subscribe: (listener: () => void) => () => void
  getSnapshot: () => UploadSnapshot
  /** Says that a folder is being read; null when it has been. */
  setReading: (fileCount: number | null) => void
}

/** The queue as React wants it: immutable snapshots, at most eight a second however fast bytes move. */
export function createUploadStore(
  tools: Omit<QueueTools, 'onChange'>,
  now: () => number = () => performance.now(),
): UploadStore {
  const listeners = new Set<() => void>()
  const meter = createRateMeter()
  let snapshot = EMPTY
  let readingCount: number | null = null
  let scheduled = false
  const queue = new UploadQueue({ ...tools, onChange: schedule })

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setTimeout(publish, SNAPSHOT_MS)
  }

  function publish(): void {
    scheduled = false
    const items = queue.items
    const summary = summarize(items)
    if (summary.activeCount === 0) meter.reset()
    else meter.record(summary.sentBytes, now())
    snapshot = { items, summary, rate: meter.rate(), online: queue.online, readingCount }
    for (const listener of listeners) listener()
  }

  return {
    queue,
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    getSnapshot: () => snapshot,
    setReading(count) {
      readingCount = count
      schedule()
    },
  }
}

/** Before hydration and on the server. */
export const getEmptyUploadSnapshot = () => EMPTY

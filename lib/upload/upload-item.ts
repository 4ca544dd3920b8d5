import type { MultipartProgress } from '#lib/upload/send-file.ts'
import type { UploadFailure } from '#lib/upload/upload-failure.ts'

export type UploadState =
  | 'checking'
  | 'conflict'
  | 'queued'
  | 'uploading'
  | 'paused'
  | 'completing'
  | 'done'
  | 'failed'
  | 'cancelled'
  | 'skipped'

/** What to do with a file whose name exists: asked once, then kept for the others of the same drop. */
export type ConflictChoice = 'skip' | 'replace' | 'keep-both'

export interface UploadItem {
  readonly id: number
  /** Files that were added together. */
  readonly batch: number
  readonly namespace: string
  readonly bucket: string
  readonly key: string
  readonly file: File
  readonly state: UploadState
  readonly sentBytes: number
  readonly failure: UploadFailure | null
  /** The object of the same key that is stored already. */
  readonly existing: { size: number; lastModified: string } | null
  readonly choice: ConflictChoice | null
  readonly multipart: MultipartProgress | null
}

const ENDED: readonly UploadState[] = ['done', 'failed', 'cancelled', 'skipped']
const RUNNING: readonly UploadState[] = ['uploading', 'completing']

export const isEnded = (item: UploadItem) => ENDED.includes(item.state)
export const isRunning = (item: UploadItem) => RUNNING.includes(item.state)

export interface UploadSummary {
  /** Files that count: neither cancelled nor skipped. */
  totalCount: number
  doneCount: number
  failedCount: number
  conflictCount: number
  /** Files that still move or wait to move. */
  activeCount: number
  pausedCount: number
  checkingCount: number
  totalBytes: number
  sentBytes: number
}

export function summarize(items: readonly UploadItem[]): UploadSummary {
  const counted = items.filter((item) => item.state !== 'cancelled' && item.state !== 'skipped')
  const countOf = (...states: UploadState[]) => counted.filter((item) => states.includes(item.state)).length
  return {
    totalCount: counted.length,
    doneCount: countOf('done'),
    failedCount: countOf('failed'),
    conflictCount: countOf('conflict'),
    activeCount: countOf('queued', 'uploading', 'completing'),
    pausedCount: countOf('paused'),
    checkingCount: countOf('checking'),
    totalBytes: counted.reduce((sum, item) => sum + item.file.size, 0),
    sentBytes: counted.reduce((sum, item) => sum + (item.state === 'done' ? item.file.size : item.sentBytes), 0),
  }
}

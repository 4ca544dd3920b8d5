import type { Outcome } from '#e2e/s3-client.ts'

/** Milliseconds of one monotonic clock: `start` is before the request was sent, `end` after its answer was read. */
interface Span {
  start: number
  end: number
}

/** A PUT, copy or Complete of one key. */
export interface Write extends Span {
  kind: 'write'
  key: string
  value: string
  outcome: Outcome
  /** Set when the request carried If-None-Match: *. */
  onlyIfAbsent?: boolean
}

export interface Delete extends Span {
  kind: 'delete'
  key: string
  outcome: Outcome
}

/** What a definite answer showed of one key: a value, nothing (null), or bytes that belong to no value (`damaged`). */
export interface Read extends Span {
  kind: 'read'
  key: string
  observed: string | null
  damaged?: string
}

/** One whole listing, all its pages joined, as [key, value] in the order of the answer. */
export interface Listing extends Span {
  kind: 'listing'
  entries: [key: string, value: string][]
}

/** Complete and Abort sent to one upload at the same time, or Complete sent twice. */
export interface UploadEnd extends Span {
  kind: 'upload-end'
  key: string
  complete: Outcome
  /** Null when no Abort was sent. */
  abort: Outcome | null
  /** ETags of the Complete and of its retry, where both answered ok. */
  etags: string[]
  expectedEtag: string
}

/** The outcomes of concurrent `If-None-Match: *` writes of one fresh key. */
export interface CreateRace extends Span {
  kind: 'create-race'
  key: string
  outcomes: Outcome[]
}

/** Any call made after the faults ended and the settling time passed. */
export interface Settled extends Span {
  kind: 'settled'
  call: string
  outcome: Outcome
  detail: string
}

export type HistoryEvent = Write | Delete | Read | Listing | UploadEnd | CreateRace | Settled

/** A promise of durability.md that the history breaks. */
export interface Violation {
  invariant: 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I10' | 'I11' | 'I12' | 'I18' | 'ENC-1'
  key: string
  reason: string
}

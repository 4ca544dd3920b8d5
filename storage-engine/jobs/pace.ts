import { setTimeout as sleep } from 'node:timers/promises'

/** How much may be done at once after a pause. */
const BURST_SECONDS = 1
/** What the rate that people see is measured over. */
const WINDOW_MS = 10_000

/** Keeps work to a number of bytes a second, and measures what it does. */
export class Pace {
  /** Bytes a second; null for no limit. Takes effect with the next piece. */
  limit: number | null
  readonly #signal: AbortSignal
  readonly #now: () => number
  #paidUntil: number
  #done: { at: number; bytes: number }[] = []

  constructor({ limit, signal, now = () => performance.now() }: PaceInput) {
    this.limit = limit
    this.#signal = signal
    this.#now = now
    this.#paidUntil = now()
  }

  /** Waits until `bytes` more may be worked on. Rejects with the signal's reason once it is aborted. */
  async take(bytes: number): Promise<void> {
    this.#signal.throwIfAborted()
    if (this.limit === null) return
    const now = this.#now()
    this.#paidUntil = Math.max(this.#paidUntil, now - BURST_SECONDS * 1000) + (bytes / this.limit) * 1000
    if (this.#paidUntil > now) await sleep(this.#paidUntil - now, undefined, { signal: this.#signal })
  }

  noteDone(bytes: number): void {
    this.#done.push({ at: this.#now(), bytes })
  }

  /** Over the last seconds; null when nothing was done in them. */
  bytesPerSecond(): number | null {
    const now = this.#now()
    this.#done = this.#done.filter(({ at }) => at > now - WINDOW_MS)
    const [first] = this.#done
    if (first === undefined) return null
    const bytes = this.#done.reduce((sum, piece) => sum + piece.bytes, 0)
    return Math.round((bytes * 1000) / Math.max(now - first.at, 1000))
  }
}

interface PaceInput {
  limit: number | null
  signal: AbortSignal
  /** Milliseconds; for tests. */
  now?: () => number
}

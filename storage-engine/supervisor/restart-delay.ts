const FIRST_DELAY_MS = 100
const DELAY_MS_MAX = 2_000
/** Who lived this long did not die of its start. */
const HEALTHY_LIFE_MS = 10_000

export interface RestartDelay {
  /** Milliseconds to wait before the next start, from 100 to 2,000; doubles while deaths follow each other quickly. */
  next: () => number
}

/** Counts the deaths of one process. */
export function createRestartDelay(now: () => number = Date.now): RestartDelay {
  let delayMs = FIRST_DELAY_MS
  let lastDeath = Number.NEGATIVE_INFINITY
  return {
    next() {
      delayMs = now() - lastDeath < HEALTHY_LIFE_MS ? Math.min(delayMs * 2, DELAY_MS_MAX) : FIRST_DELAY_MS
      lastDeath = now()
      return delayMs
    },
  }
}

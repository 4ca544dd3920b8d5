const WINDOW_MS = 8_000

export interface RateMeter {
  /** Reports the bytes sent so far, over all files. */
  record(sentBytes: number, nowMs: number): void
  /** Bytes a second over the last eight seconds; 0 until two reports are a second apart. */
  rate(): number
  reset(): void
}

/** Measures over a sliding window: a rate over the whole upload would lie after every pause. */
export function createRateMeter(): RateMeter {
  let samples: { sentBytes: number; nowMs: number }[] = []

  return {
    record(sentBytes, nowMs) {
      samples.push({ sentBytes, nowMs })
      samples = samples.filter((sample) => nowMs - sample.nowMs <= WINDOW_MS)
    },
    rate() {
      const first = samples[0]
      const last = samples.at(-1)
      if (first === undefined || last === undefined || last.nowMs - first.nowMs < 1_000) return 0
      // A cancelled file takes its bytes out of the sum.
      return Math.max(0, ((last.sentBytes - first.sentBytes) * 1000) / (last.nowMs - first.nowMs))
    },
    reset() {
      samples = []
    },
  }
}

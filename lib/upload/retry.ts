import { ApiRequestError } from '#lib/fetch-json.ts'

export const ATTEMPTS_MAX = 7
const FIRST_DELAY_MS = 400
const DELAY_MS_MAX = 20_000

export interface RetryTools {
  random: () => number
  sleep: (delayMs: number, signal: AbortSignal) => Promise<void>
}

/** Runs `attempt` until it succeeds, fails for good, or has failed seven times. An abort ends it at once. */
export async function withRetries<Result>(
  { random, sleep }: RetryTools,
  signal: AbortSignal,
  attempt: () => Promise<Result>,
): Promise<Result> {
  for (let failures = 1; ; failures++) {
    try {
      return await attempt()
    } catch (error) {
      if (signal.aborted || failures >= ATTEMPTS_MAX || !mayPass(error)) throw error
      await sleep(retryDelayMs(failures, random), signal)
    }
  }
}

/** Between half and all of a doubling delay: many browsers that lost the same server do not come back in step. */
export function retryDelayMs(failures: number, random: () => number): number {
  const ceiling = Math.min(DELAY_MS_MAX, FIRST_DELAY_MS * 2 ** (failures - 1))
  return Math.round(ceiling * (0.5 + random() / 2))
}

// A full disk (507) and a missing feature (501) do not pass by waiting.
function mayPass(error: unknown): boolean {
  if (!(error instanceof ApiRequestError)) return false
  const { status } = error.failure
  return status === 0 || status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 507)
}

/** Waits, or rejects with the signal's reason. */
export function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, delayMs)
    signal.addEventListener('abort', stop, { once: true })
  })
}

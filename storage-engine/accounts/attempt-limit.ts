import { LRUCache } from 'lru-cache'

export interface AttemptLimit {
  /** Counts an attempt by `key`, before it is judged, so that attempts at the same moment cannot slip through; false when none is left. */
  take(key: string): boolean
  /** The attempt turned out well: it does not count. */
  giveBack(key: string): void
  /** Starts afresh. */
  forget(key: string): void
}

/**
 * Counts attempts by key within a window that starts with the first one. Lives in one process and at most `keysMax` keys
 * long: it slows guessing down, and no rule of correctness rests on it.
 */
export function createAttemptLimit(options: {
  attemptsMax: number
  windowMs: number
  keysMax: number
  now?: () => number
}): AttemptLimit {
  const now = options.now ?? Date.now
  const windows = new LRUCache<string, { attempts: number; endsAt: number }>({ max: options.keysMax })

  return {
    take(key) {
      let window = windows.get(key)
      if (window === undefined || window.endsAt <= now()) {
        window = { attempts: 0, endsAt: now() + options.windowMs }
        windows.set(key, window)
      }
      if (window.attempts >= options.attemptsMax) return false
      window.attempts++
      return true
    },
    giveBack(key) {
      const window = windows.get(key)
      if (window !== undefined && window.attempts > 0) window.attempts--
    },
    forget(key) {
      windows.delete(key)
    },
  }
}

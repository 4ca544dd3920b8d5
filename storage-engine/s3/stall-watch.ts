/** Something that must keep moving: a body being received, or one being sent. */
export interface Watched {
  /** Tick at which bytes last moved; set it to `watch.tick`. */
  lastMove: number
  onStall(): void
}

export interface StallWatch {
  /** Counts up once per interval, so that noting a move costs no clock reading. */
  readonly tick: number
  add(watched: Watched): void
  remove(watched: Watched): void
  close(): void
}

/**
 * One timer for all bodies under way: setting one per request would cost more than reading a small body.
 * A body that has not moved for `timeoutMs` (up to one interval more) is told so, once.
 */
export function createStallWatch(options: { timeoutMs: number; intervalMs: number }): StallWatch {
  const all = new Set<Watched>()
  const ticksMax = Math.ceil(options.timeoutMs / options.intervalMs)
  const watch = {
    tick: 0,
    add: (watched: Watched) => void all.add(watched),
    remove: (watched: Watched) => void all.delete(watched),
    close: () => clearInterval(timer),
  }
  const timer = setInterval(() => {
    watch.tick++
    for (const watched of all) {
      if (watch.tick - watched.lastMove <= ticksMax) continue
      all.delete(watched)
      watched.onStall()
    }
  }, options.intervalMs)
  timer.unref()
  return watch
}

export interface Lanes {
  /** Runs `task` when a lane is free, in order of asking; rejects unrun when the signal aborts first. */
  run<Result>(task: () => Promise<Result>, signal: AbortSignal): Promise<Result>
}

/** `count` lanes shared by everything that wants to send at the same time. */
export function createLanes(count: number): Lanes {
  let free = count
  const waiting: (() => void)[] = []

  return {
    async run(task, signal) {
      signal.throwIfAborted()
      if (free > 0) free--
      else await takeTurn(waiting, signal)
      try {
        return await task()
      } finally {
        // A lane is handed on, never freed and raced for, so that order of asking holds.
        const next = waiting.shift()
        if (next === undefined) free++
        else next()
      }
    },
  }
}

function takeTurn(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const enter = () => {
      signal.removeEventListener('abort', leave)
      resolve()
    }
    const leave = () => {
      waiting.splice(waiting.indexOf(enter), 1)
      reject(signal.reason)
    }
    waiting.push(enter)
    signal.addEventListener('abort', leave, { once: true })
  })
}

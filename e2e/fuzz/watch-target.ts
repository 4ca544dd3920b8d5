import { Worker } from 'node:worker_threads'

export interface FuzzWork {
  target: string
  seed: number
  milliseconds: number
  /** Two counters: runs begun, and bytes of the input of the last. */
  progress: SharedArrayBuffer
  lastInput: SharedArrayBuffer
}

export interface FuzzReport {
  runCount: number
  found: { input: Uint8Array; text: string } | null
}

const INPUT_BYTES_MAX = 65_536
const WATCH_MS = 500
/** A run that takes more of a processor's time hangs: no input of 64 KiB may cost so much. */
const HANG_CPU_MS = 1_000
/** A run that has waited for so long waits for nothing. */
const HANG_MS = 60_000
/** Opening a target may start a database. */
const START_MS = 300_000

/** Fuzzes a target for a time, in a thread. A run that does not end is a finding like any other. */
export function watchTarget(input: Pick<FuzzWork, 'target' | 'seed' | 'milliseconds'>): Promise<FuzzReport> {
  const progress = new SharedArrayBuffer(8)
  const lastInput = new SharedArrayBuffer(INPUT_BYTES_MAX)
  const counts = new Int32Array(progress)
  const worker = new Worker(new URL('./fuzz-worker.ts', import.meta.url), {
    workerData: { ...input, progress, lastInput } satisfies FuzzWork,
    execArgv: ['--import', import.meta.resolve('tsx')],
  })
  return new Promise((resolve, reject) => {
    /** The run that goes on: since when, and what the thread had used of a processor when that was first asked. */
    let run: { count: number; since: number; cpuMs: number | null } = {
      count: 0,
      since: performance.now(),
      cpuMs: null,
    }
    const watch = setInterval(() => {
      const count = Atomics.load(counts, 0)
      if (count !== run.count) run = { count, since: performance.now(), cpuMs: null }
      const lastedMs = performance.now() - run.since
      if (count === 0) {
        if (lastedMs > START_MS) settle(() => reject(new Error(`The target ${input.target} does not open.`)))
        return
      }
      if (lastedMs > HANG_MS) return settleHung()
      const noCpu = () => {
        // A thread that has ended says so by itself.
      }
      // Older Nodes cannot tell: there only the time that passes counts.
      worker.cpuUsage?.().then(({ user }) => noteCpu(count, user / 1_000), noCpu)
    }, WATCH_MS)
    const noteCpu = (count: number, cpuMs: number) => {
      if (count !== run.count || count !== Atomics.load(counts, 0)) return
      run.cpuMs ??= cpuMs
      if (cpuMs - run.cpuMs > HANG_CPU_MS) settleHung()
    }
    const settleHung = () => {
      const hung = Buffer.from(Buffer.from(lastInput).subarray(0, Atomics.load(counts, 1)))
      const found = { input: hung, text: `${input.target}: a run does not end` }
      settle(() => resolve({ runCount: Atomics.load(counts, 0), found }))
    }
    const settle = (conclude: () => void) => {
      clearInterval(watch)
      void worker.terminate()
      conclude()
    }
    worker.once('message', (report: FuzzReport) => settle(() => resolve(report)))
    worker.once('error', (error) => settle(() => reject(error)))
  })
}

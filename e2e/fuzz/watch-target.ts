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
/** A run that takes longer hangs. Far above what any input of 64 KiB may cost, as the machine may be busy. */
const HANG_MS = 5_000
/** Opening a target may start a database. */
const START_MS = 60_000

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
    let lastCount = 0
    let lastMove = performance.now()
    const watch = setInterval(() => {
      const count = Atomics.load(counts, 0)
      if (count !== lastCount) {
        lastCount = count
        lastMove = performance.now()
        return
      }
      if (performance.now() - lastMove < (count === 0 ? START_MS : HANG_MS)) return
      const hung = Buffer.from(Buffer.from(lastInput).subarray(0, Atomics.load(counts, 1)))
      settle(() => resolve({ runCount: count, found: { input: hung, text: `${input.target}: a run does not end` } }))
    }, 500)
    const settle = (conclude: () => void) => {
      clearInterval(watch)
      void worker.terminate()
      conclude()
    }
    worker.once('message', (report: FuzzReport) => settle(() => resolve(report)))
    worker.once('error', (error) => settle(() => reject(error)))
  })
}

import { parentPort, workerData } from 'node:worker_threads'
import { readCorpus } from '#e2e/fuzz/corpus.ts'
import { describeFinding, fuzzTarget } from '#e2e/fuzz/fuzz-target.ts'
import { openTarget } from '#e2e/fuzz/open-target.ts'
import type { FuzzReport, FuzzWork } from '#e2e/fuzz/watch-target.ts'

/** Fuzzes one target in a thread of its own, where it may hang without taking the watcher with it. */
const { target: name, seed, milliseconds, progress, lastInput } = workerData as FuzzWork
const target = await openTarget(name)
const end = performance.now() + milliseconds
const counts = new Int32Array(progress)
const bytes = Buffer.from(lastInput)
let runCount = 0
const finding = await fuzzTarget(target, {
  seed,
  corpus: readCorpus(name),
  goesOn: () => performance.now() < end,
  onRun(input) {
    runCount++
    input.copy(bytes)
    Atomics.store(counts, 1, Math.min(input.length, bytes.length))
    Atomics.add(counts, 0, 1)
  },
})
await target.close?.()
const found = finding === null ? null : { input: finding.input, text: describeFinding(finding) }
parentPort?.postMessage({ runCount, found } satisfies FuzzReport)

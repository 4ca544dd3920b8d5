import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import {
  digestJob,
  MD5_CELLS_AT,
  MD5_JOB_COUNT_MAX,
  MD5_JOB_STATES_AT,
  MD5_JOBS_AT,
  MD5_LANE_BYTES,
  md5Memory,
  md5Module,
} from '#storage-engine/crypto/md5-kernel.ts'

/**
 * A second thread that digests a message which has no company: for that one, MD5 costs more than everything else a PUT
 * does, and the main thread is left with a copy. Jobs are a ring in the kernel's shared memory, done in order, all of
 * one message: job n reads the state in cell n, and writes the one after it in cell n + 1.
 */
interface Job {
  index: number
  resolve(): void
}

/** Cells: how many jobs were posted and done, both modulo 2³², then the block count of every job. */
const POSTED = 0
const DONE = 1
const BLOCK_COUNTS = 2
/** A power of two above the count of jobs, so that no job writes the state that an unfinished one has to read. */
const STATE_COUNT = 2 * MD5_JOB_COUNT_MAX
const STATE_BYTES = 16

const cells = new Int32Array(md5Memory.buffer, MD5_CELLS_AT, BLOCK_COUNTS + MD5_JOB_COUNT_MAX)
const states = Array.from(
  { length: STATE_COUNT },
  (_, cell) => new Uint32Array(md5Memory.buffer, MD5_JOB_STATES_AT + cell * STATE_BYTES, 4),
)
const slots = Array.from({ length: MD5_JOB_COUNT_MAX }, (_, slot) =>
  Buffer.from(md5Memory.buffer, MD5_JOBS_AT + slot * MD5_LANE_BYTES, MD5_LANE_BYTES),
)

/** A script and not a module of its own, so that it needs no file beside a bundle. */
const SCRIPT = `
const { module, memory, cellsAt, jobsAt, statesAt, jobBytes, jobCount } = require('node:worker_threads').workerData
const { md5One } = new WebAssembly.Instance(module, { env: { memory } }).exports
const cells = new Int32Array(memory.buffer, cellsAt, ${BLOCK_COUNTS} + jobCount)
const bytes = new Uint8Array(memory.buffer)
for (let done = 0; ; ) {
  Atomics.wait(cells, ${POSTED}, done)
  while (done !== Atomics.load(cells, ${POSTED})) {
    const slot = done & (jobCount - 1)
    const before = statesAt + (done & ${STATE_COUNT - 1}) * ${STATE_BYTES}
    const after = statesAt + ((done + 1) & ${STATE_COUNT - 1}) * ${STATE_BYTES}
    bytes.copyWithin(after, before, before + ${STATE_BYTES})
    md5One(after, jobsAt + slot * jobBytes, cells[${BLOCK_COUNTS} + slot])
    done = (done + 1) | 0
    Atomics.store(cells, ${DONE}, done)
    Atomics.notify(cells, ${DONE})
  }
}`

let worker: Worker | undefined
/** Ready means that it runs; failed is for good: the main thread does without. */
let condition: 'absent' | 'starting' | 'ready' | 'failed' = availableParallelism() > 1 ? 'absent' : 'failed'
/** The state of the one message that is here. */
let owner: Uint32Array | null = null
const jobs: Job[] = []
let isWatching = false

/**
 * Hands `blockCount` blocks, which `fill` writes into a buffer, to the worker. The promise resolves once they are
 * digested; `state` is advanced when the last of the message's jobs is. Null when the worker cannot take them now, and
 * then nothing was done: the first call only starts it.
 */
export function offloadBlocks(
  state: Uint32Array,
  blockCount: number,
  fill: (target: Buffer) => void,
): Promise<void> | null {
  if (condition === 'absent') startWorker()
  if (condition !== 'ready' || jobs.length === MD5_JOB_COUNT_MAX) return null
  if (owner !== null && owner !== state) return null
  const index = cells[POSTED] as number
  if (owner === null) stateBefore(index).set(state)
  owner = state
  fill(slotOf(index))
  cells[BLOCK_COUNTS + (index & (MD5_JOB_COUNT_MAX - 1))] = blockCount
  return new Promise((resolve) => {
    jobs.push({ index, resolve })
    Atomics.store(cells, POSTED, (index + 1) | 0)
    Atomics.notify(cells, POSTED)
    if (!isWatching) void watch()
  })
}

/** How many jobs the worker was ever given, modulo 2³². */
export function jobsOffloaded(): number {
  return cells[POSTED] as number
}

/** Takes the worker away, as its failure would. Jobs under way are finished here. */
export async function stopMd5Worker(): Promise<void> {
  await worker?.terminate()
}

function startWorker(): void {
  condition = 'starting'
  worker = new Worker(SCRIPT, {
    eval: true,
    name: 'md5',
    // It needs neither the flags of this process nor its environment, which may hold secrets.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
    workerData: {
      module: md5Module,
      memory: md5Memory,
      cellsAt: MD5_CELLS_AT,
      jobsAt: MD5_JOBS_AT,
      statesAt: MD5_JOB_STATES_AT,
      jobBytes: MD5_LANE_BYTES,
      jobCount: MD5_JOB_COUNT_MAX,
    },
  })
  worker.once('online', () => {
    condition = 'ready'
  })
  worker.once('error', failOver)
  worker.once('exit', failOver)
  worker.unref()
}

/** Bytes and states of unfinished jobs are whole in the shared memory, so the jobs are done here instead. */
function failOver(): void {
  condition = 'failed'
  settleDone()
  while (jobs.length > 0) {
    const { index } = jobs[0] as Job
    const after = stateBefore(index + 1)
    after.set(stateBefore(index))
    digestJob(
      after.byteOffset,
      slotOf(index).byteOffset,
      cells[BLOCK_COUNTS + (index & (MD5_JOB_COUNT_MAX - 1))] as number,
    )
    settle()
  }
  // Wakes watch(), which then finds nothing left to wait for.
  Atomics.notify(cells, DONE)
}

async function watch(): Promise<void> {
  isWatching = true
  // While a job is under way it is all that keeps the process alive.
  worker?.ref()
  while (jobs.length > 0) {
    const done = settleDone()
    if (jobs.length === 0) break
    const change = Atomics.waitAsync(cells, DONE, done)
    if (change.async) await change.value
  }
  worker?.unref()
  isWatching = false
}

/** Settles the jobs that are done, and tells how many ever were. */
function settleDone(): number {
  const done = Atomics.load(cells, DONE)
  const pending = ((cells[POSTED] as number) - done) | 0
  while (jobs.length > pending) settle()
  return done
}

function settle(): void {
  const { index, resolve } = jobs.shift() as Job
  if (jobs.length === 0) {
    owner?.set(stateBefore(index + 1))
    owner = null
  }
  resolve()
}

function stateBefore(index: number): Uint32Array {
  return states[index & (STATE_COUNT - 1)] as Uint32Array
}

function slotOf(index: number): Buffer {
  return slots[index & (MD5_JOB_COUNT_MAX - 1)] as Buffer
}

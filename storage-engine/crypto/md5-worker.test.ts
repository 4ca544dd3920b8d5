import { randomBytes } from 'node:crypto'
import { expect, it, vi } from 'vitest'
import {
  createMd5State,
  MD5_JOB_COUNT_MAX,
  MD5_LANE_BYTES,
  md5DigestOf,
  md5Padding,
} from '#storage-engine/crypto/md5-kernel.ts'
import { offloadBlocks, stopMd5Worker } from '#storage-engine/crypto/md5-worker.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'

// The thread starts when the machine lets it.
vi.setConfig({ testTimeout: 30_000 })

const BLOCK_COUNT = MD5_LANE_BYTES / 64
const nativeMd5 = (bytes: Buffer) => referenceMd5(bytes).toString('hex')

function offload(state: Uint32Array, bytes: Buffer): Promise<void> | null {
  return offloadBlocks(state, bytes.length / 64, (target) => bytes.copy(target))
}

/** The first job is refused until the worker runs. */
async function offloadOnceReady(state: Uint32Array, bytes: Buffer): Promise<Promise<void>[]> {
  for (;;) {
    const finished = offload(state, bytes)
    if (finished !== null) return [finished]
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

it('does the jobs of one message in order, and refuses those of another and those without room', async () => {
  const state = createMd5State()
  const pieces = Array.from({ length: MD5_JOB_COUNT_MAX }, () => randomBytes(MD5_LANE_BYTES))
  const [first, ...others] = pieces as [Buffer, ...Buffer[]]
  const jobs = await offloadOnceReady(state, first)
  expect(offloadBlocks(createMd5State(), BLOCK_COUNT, () => expect.unreachable())).toBeNull()
  for (const piece of others) jobs.push(offload(state, piece) as Promise<void>)
  expect(offloadBlocks(state, BLOCK_COUNT, () => expect.unreachable())).toBeNull()
  await Promise.all(jobs)
  const whole = Buffer.concat(pieces)
  await offload(state, md5Padding(whole.length))
  expect(md5DigestOf(state).toString('hex')).toBe(nativeMd5(whole))
})

it('takes another message once the first is back', async () => {
  for (const bytes of [randomBytes(6400), randomBytes(640)]) {
    const state = createMd5State()
    await Promise.all(await offloadOnceReady(state, bytes))
    await offload(state, md5Padding(bytes.length))
    expect(md5DigestOf(state).toString('hex')).toBe(nativeMd5(bytes))
  }
})

it('has every job done though it dies with some of them, and takes no more', async () => {
  const state = createMd5State()
  const pieces = Array.from({ length: MD5_JOB_COUNT_MAX - 1 }, () => randomBytes(MD5_LANE_BYTES))
  const whole = Buffer.concat(pieces)
  const jobs = [offload(state, pieces[0] as Buffer)]
  const stopped = stopMd5Worker()
  // Sleeps until the thread is gone, while this one cannot yet have heard of it: nobody takes the other jobs.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  for (const bytes of [...pieces.slice(1), md5Padding(whole.length)]) jobs.push(offload(state, bytes))
  await Promise.all(jobs)
  await stopped
  expect(jobs).not.toContain(null)
  expect(md5DigestOf(state).toString('hex')).toBe(nativeMd5(whole))
  expect(offload(createMd5State(), randomBytes(64))).toBeNull()
})

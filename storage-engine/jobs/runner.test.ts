import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Job, startJobs } from '#storage-engine/jobs/runner.ts'
import { listJobs } from '#storage-engine/metadata/jobs.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

let test: TestEngine
beforeAll(async () => {
  test = await startTestEngine()
})
afterAll(() => test.stop())

function jobNamed(name: string, run: Job['run']): Job {
  return { name, intervalSeconds: 0.02, run }
}

async function stateOf(name: string) {
  return (await listJobs(test.engine.db)).find((job) => job.name === name)
}

describe('the jobs runner', () => {
  it('runs a job again and again, and never twice at a time, however many processes there are', async () => {
    let running = 0
    let runningMax = 0
    let count = 0
    const job = jobNamed('shared', async () => {
      runningMax = Math.max(runningMax, ++running)
      await sleep(5)
      running--
      count++
      return ''
    })
    const second = await test.open()
    const runners = [await startJobs(test.engine, [job]), await startJobs(second, [job])]
    await vi.waitFor(() => expect(count).toBeGreaterThan(6), { timeout: 10_000 })
    await Promise.all(runners.map((each) => each.close()))
    await second.close()
    expect(runningMax).toBe(1)
  })

  it('records a failure, and tries again', async () => {
    let attempts = 0
    let goOn = () => {}
    const isSeen = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const job = jobNamed('failing', async () => {
      if (++attempts < 3) throw new Error('out of luck')
      await isSeen
      return 'done'
    })
    const runner = await startJobs(test.engine, [job])
    await vi.waitFor(async () => expect((await stateOf('failing'))?.error).toBe('out of luck'), { timeout: 10_000 })
    goOn()
    await vi.waitFor(async () => expect((await stateOf('failing'))?.error).toBeNull(), { timeout: 10_000 })
    await runner.close()
    expect(attempts).toBeGreaterThanOrEqual(3)
  })

  it('tells a run to stop when it closes, and waits for it', async () => {
    let wasStopped = false
    const job = jobNamed('long', async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await sleep(20)
      wasStopped = true
      return ''
    })
    const runner = await startJobs(test.engine, [job])
    await vi.waitFor(async () => expect((await stateOf('long'))?.isRunning).toBe(true), { timeout: 10_000 })
    await runner.close()
    expect(wasStopped).toBe(true)
  })
})
